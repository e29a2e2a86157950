import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, StandInForge } from '../support/forge/stand-in-forge.ts';
import { GitUpstream } from '../support/git/upstream/git-upstream.ts';
import { DEMO_DOCKERFILE, engineHolds, KIT, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const WITH_GIT = join(KIT, 'test', 'support', 'git', 'image', 'Dockerfile');

const upstream = new GitUpstream();
/** Of GitLab, the only forge whose repositories have paths as deep as the upstream's. */
const forge = new StandInForge('gitlab', 'srv/git/kit');
const URL = `ssh://git@${upstream.host}:${upstream.port}/srv/git/kit.git`;
const AUTHORIZED_KEYS = '~/.ssh/authorized_keys';

beforeAll(async () => {
  await Promise.all([upstream.start(['kit']), forge.start()]);
  forge.onAdd = async ({ key }) => void (await upstream.sh(`echo '${key}' >> ${AUTHORIZED_KEYS}`));
  forge.onRemove = async ({ key }) =>
    void (await upstream.sh(`grep -vF '${key}' ${AUTHORIZED_KEYS} > ~/rest; mv ~/rest ${AUTHORIZED_KEYS}`));
});
afterAll(() => Promise.all([upstream.stop(), forge.stop()]));
afterEach(async () => {
  forge.always = undefined;
  expect(await engineHolds()).toEqual([]);
});

/** A user whose agent `dev` works on the upstream with a deploy key. */
async function userWith(command: readonly string[], image = DEMO_DOCKERFILE): Promise<Sandbox> {
  const user = sandbox();
  const version = image === DEMO_DOCKERFILE ? '1.9.3' : '0.8.0';
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  Object.assign(user.env, { FORGE_TOKEN: ADMIN_TOKEN, NODE_EXTRA_CA_CERTS: forge.roots });
  const repo = [
    `url: ${URL}`,
    `host_key: ${upstream.hostKey}`,
    `key: {provider: gitlab, token_ref: FORGE_TOKEN, api_url: "${forge.apiUrl}"}`,
    'push: {branches: ["agent/*"]}',
    `extra_hosts: {${upstream.host}: ${upstream.address}}`,
  ];
  const lines = repo.map((line) => `      ${line}\n`).join('');
  const gate = `git-gate:\n  user: {name: Smith, email: smith@example.com}\n  repos:\n    kit:\n${lines}`;
  await user.writeAgent('dev', command, gate, image);
  return user;
}

/** Starts a launch, and returns when its key is registered. */
async function launchWithKey(user: Sandbox) {
  const launch = user.start('launch', ['--agent', 'dev']);
  await launch.saw('✓ mint-keys');
  const [slug = ''] = await user.bottles();
  expect(forge.titles).toEqual([expect.stringContaining(`bot-bottle ${slug} `)]);
  return { ...launch, slug };
}

describe('a deploy key', () => {
  it('the agent pushes with the key of its bottle, which is gone when the launch has ended', async () => {
    const script = `set -e; env; git clone -q ${URL} ~/kit; cd ~/kit; git checkout -qb agent/minted
      echo more >> README; git commit -qam 'Work of the agent'; git push origin agent/minted`;
    const user = await userWith(['sh', '-c', script], WITH_GIT);
    const { finished, saw, slug } = await launchWithKey(user);
    const [key] = [...forge.keys.values()];
    expect(key?.mayWrite).toBe(true);
    await saw('✓ start-bundle');
    await upstream.connect(`bot-bottle-sidecars-${slug}`);
    const { exitCode, stdout, stderr } = await finished;
    expect(exitCode, stderr).toBe(0);
    expect(stdout + stderr).not.toContain(ADMIN_TOKEN);
    expect(await upstream.sh('git -C /srv/git/kit.git log -1 --format=%s agent/minted')).toBe(
      'Work of the agent',
    );
    expect(forge.titles).toEqual([]);
    expect(await upstream.sh(`cat ${AUTHORIZED_KEYS}`)).not.toContain(key?.key);
    expect(await user.bottles()).toEqual([]);
  });

  it('is revoked when the agent fails', async () => {
    const user = await userWith(['sh', '-c', 'exit 5']);
    const { finished } = await launchWithKey(user);
    const { exitCode, stderr } = await finished;
    expect(exitCode, stderr).toBe(5);
    expect(stderr).toContain('took down');
    expect(forge.titles).toEqual([]);
  });

  it('is revoked on Ctrl-C, and by make stop', async () => {
    const user = await userWith(['sleep', '60']);
    const interrupted = await launchWithKey(user);
    process.kill(-(interrupted.child.pid ?? 0), 'SIGINT');
    expect((await interrupted.finished).exitCode).toBe(130);
    expect(forge.titles).toEqual([]);

    const other = await userWith(['sleep', '60']);
    const stopped = await launchWithKey(other);
    const { exitCode, stderr } = await other.run('stop', ['--bottle', stopped.slug]);
    expect(exitCode, stderr).toBe(0);
    expect((await stopped.finished).exitCode).toBe(143);
    expect(forge.titles).toEqual([]);
  });

  it('of a launch that was killed is named by make doctor, and revoked by make cleanup', async () => {
    const user = await userWith(['sleep', '60']);
    const { child, finished, slug } = await launchWithKey(user);
    const [title = ''] = forge.titles;
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await finished;
    forge.always = { instead: { status: 403, body: { message: '403 Forbidden' } } };
    const [doctor, refused] = await Promise.all([user.run('doctor'), user.run('cleanup', ['--yes'])]);
    expect(doctor.stdout).toContain(`deploy key “${title}”`);
    expect(refused.exitCode, refused.stderr).toBe(78);
    expect(await user.bottles()).toEqual([slug]);

    forge.always = undefined;
    const { exitCode, stderr } = await user.run('cleanup', ['--yes']);
    expect(exitCode, stderr).toBe(0);
    expect([forge.titles, await user.bottles()]).toEqual([[], []]);
  });

  it('that cannot be revoked changes the exit codes of the launch and of make stop', async () => {
    const user = await userWith(['sleep', '60']);
    const { finished, slug } = await launchWithKey(user);
    forge.always = { instead: { status: 403, body: { message: '403 Forbidden' } } };
    const [launch, stop] = await Promise.all([finished, user.run('stop', ['--bottle', slug])]);
    expect([launch.exitCode, stop.exitCode], launch.stderr + stop.stderr).toEqual([78, 78]);
    expect(launch.stderr).toContain(`then: make teardown BOTTLE=${slug}`);
    forge.always = undefined;
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(0);
    expect([forge.titles, await user.bottles()]).toEqual([[], []]);
  });

  it('of a bottle without a launch is revoked by make cleanup, which keeps the rest of its state', async () => {
    const user = await userWith(['true']);
    const slug = (await user.run('prepare', ['--agent', 'dev'])).stdout.trim();
    expect((await user.run('mint-keys', ['--bottle', slug])).exitCode).toBe(0);
    forge.always = { instead: { status: 403 } };
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(78);
    forge.always = undefined;
    const { exitCode, stdout } = await user.run('cleanup', ['--yes']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`deploy keys of ${slug}`)]);
    expect([forge.titles, await user.bottles()]).toEqual([[], [slug]]);
  });
});
