import { beforeEach, expect, it, vi } from 'vitest';
import { resolvedOf } from '../../../lib/prepare/preflight.ts';
import { resolvePlan } from '../../../lib/prepare/resolve-plan.ts';
import { check, FAKE, writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();
beforeEach(() => vi.stubEnv('SMOLVM', FAKE));

async function planOf(lines = '', mode = '') {
  vi.stubEnv('BOT_BOTTLE_SUPERVISE', mode);
  const provider = 'agent_provider: {template: command, command: [run], dockerfile: ~/Dockerfile}';
  await writeFiles(home.path, {
    'home/agents/dev.md': '---\nbottle: dev\n---\n',
    'home/bottles/dev.md': `---\n${provider}\n${lines}---\n`,
    Dockerfile: 'FROM scratch\n',
  });
  const resolved = resolvedOf(await check(home.path, 'dev'));
  if (resolved === undefined) throw new Error('nothing was resolved');
  const { daemons, superviseMode } = resolvePlan(resolved);
  return { isSupervised: daemons.includes('supervise'), superviseMode };
}

it.each(['', 'supervise: true\n'])('a bottle with %j is supervised', async (line) => {
  expect(await planOf(line)).toEqual({ isSupervised: true, superviseMode: undefined });
});

it('a bottle can do without, whatever the environment says', async () => {
  const none = { isSupervised: false, superviseMode: undefined };
  expect(await planOf('supervise: false\n')).toEqual(none);
  expect(await planOf('supervise: false\n', 'deny')).toEqual(none);
});

it('a bottle that is prepared where nobody watches refuses what the agent asks for', async () => {
  expect(await planOf('', 'deny')).toEqual({ isSupervised: true, superviseMode: 'deny' });
});
