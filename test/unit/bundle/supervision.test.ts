import { mkdir, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { runArguments } from '../../../lib/bundle/launch-spec.ts';
import type { Plan } from '../../../lib/plan/schema.ts';
import { PLAIN_SECURITY } from '../../support/plain-security.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const SLUG = 'demo-a1b2c';
useTemporaryHome();

async function started(daemons: Plan['daemons'], changes: Partial<Plan> = {}) {
  const egress: Plan['egress'] = { routes: [], log: 0, learn: false, tokens: {} };
  const names = { machine: 'm', network: 'n', bundle: 'b' };
  const plan = { slug: SLUG, names, git: [], egress, daemons, ...changes } as unknown as Plan;
  await mkdir(bottlePaths.egress(SLUG), { recursive: true });
  const allocation = { alias: '127.0.0.16', network: 'n' };
  const args = await runArguments({
    plan,
    allocation,
    certs: { directory: '/ca' },
    image: 'image',
    security: PLAIN_SECURITY,
  });
  return (flag: string) => args.filter((_, index) => args[index - 1] === flag);
}

it('a supervised bundle publishes its port and may write the queue, which only this user can read', async () => {
  const after = await started(['selftest', 'egress', 'supervise']);
  expect(after('--publish')).toEqual(['127.0.0.16::9099', '127.0.0.16::9100']);
  const queue = bottlePaths.superviseQueue(SLUG);
  expect(after('--mount')).toContain(`type=bind,source=${queue},target=/run/supervise/queue`);
  expect((await stat(queue)).mode & 0o777).toBe(0o700);
  expect(after('--env')).toEqual(
    expect.arrayContaining([
      'SUPERVISE_QUEUE_DIR=/run/supervise/queue',
      `SUPERVISE_BOTTLE_SLUG=${SLUG}`,
      'SUPERVISE_PORT=9100',
    ]),
  );
  expect(after('--env').join(' ')).not.toContain('BOT_BOTTLE_SUPERVISE');
});

it('a bundle that is to refuse everything at once is told so', async () => {
  const after = await started(['selftest', 'egress', 'supervise'], { superviseMode: 'deny' });
  expect(after('--env')).toContain('BOT_BOTTLE_SUPERVISE=deny');
});

it('a bundle without supervision has no queue', async () => {
  const after = await started(['selftest', 'egress'], { superviseMode: 'deny' });
  expect([...after('--mount'), ...after('--env')].join(' ')).not.toMatch(/supervise/i);
});
