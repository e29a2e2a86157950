import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { engineHolds, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

/** Asks a host without a route, prints the answer, and waits until a file exists. */
const ASK = `
  fetch('https://wanted.example/').then(async (answer) => {
    console.error('answered ' + answer.status + ' ' + (await answer.text()));
    setInterval(() => require('fs').existsSync('/tmp/go') && process.exit(0), 100);
  });
`;

it('`make learn` shows what a bottle was denied, while it runs and after it ended', async () => {
  const user = sandbox();
  await user.writeAgent('curious', ['node', '--use-env-proxy', '-e', ASK], 'egress: {learn: true}\n');
  const launched = user.start('launch', ['--agent', 'curious']);
  await launched.saw('answered 403 bot-bottle egress refused this request (host-unlisted).');
  const [slug = ''] = await user.bottles();

  const following = user.start('logs', ['--bottle', slug, '--follow', '--denied']);
  const learn = () => user.run('learn', ['--bottle', slug]);
  await expect
    .poll(async () => (await learn()).stdout, { timeout: 10_000 })
    .toContain('host: wanted.example');
  await sleep(1000);
  following.child.kill('SIGINT');
  const { exitCode, stdout } = await following.finished;
  expect([exitCode, stdout]).toEqual([
    0,
    expect.stringMatching(/deny +403 .* CONNECT +wanted\.example {2}\(host-unlisted\)/),
  ]);

  await execa(user.smolvm, ['machine', 'exec', '--name', `bot-bottle-${slug}`, '--', 'touch', '/tmp/go'], {
    env: user.env,
    extendEnv: false,
  });
  const ended = await launched.finished;
  expect(ended.exitCode, ended.stderr).toBe(0);
  expect(ended.stderr).toContain(`make learn BOTTLE=${slug}`);
  expect(await engineHolds()).toEqual([]);
  expect(parse((await learn()).stdout)).toEqual({ egress: { routes: [{ host: 'wanted.example' }] } });
  const kept = await user.run('logs', ['--bottle', slug, '--follow', '--json']);
  expect(JSON.parse(kept.stdout)).toMatchObject({ bottle: slug, verdict: 'deny', host: 'wanted.example' });

  expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(0);
  expect(await user.bottles()).toEqual([]);
  expect((await learn()).stderr).toContain(`no bottle is named ${slug}`);
});
