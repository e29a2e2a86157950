import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { capabilitiesText } from '../../../lib/commands/capabilities/capabilities-text.ts';
import { planScreen } from '../../../lib/commands/launch/plan-screen.ts';
import { resolvedOf } from '../../../lib/prepare/preflight.ts';
import { resolvePlan } from '../../../lib/prepare/resolve-plan.ts';
import {
  allCapabilities,
  changeCapabilities,
  readCapabilities,
} from '../../../lib/supervise/capabilities-file.ts';
import { decide } from '../../../lib/supervise/decide.ts';
import { keepCapability } from '../../../lib/supervise/keep-capability.ts';
import { KIT } from '../../support/kit.ts';
import { check, FAKE, writeFiles } from '../../support/prepare-scene.ts';
import { prepareBottle, usePreparedBottles } from '../../support/supervise/prepared-bottle.ts';
import { propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

/** As `prepareBottle` has it. */
const AGENT = { name: 'demo', file: '/demo.md' };
const request = { kind: 'capability', dockerfile: 'RUN echo a\nENV A=b', reason: 'To\u001b build.' } as const;

describe('an approved change of the image', () => {
  const home = useTemporaryHome();
  usePreparedBottles();
  beforeEach(() => prepareBottle().then(() => {}));

  const directory = () => join(home.path, 'home', 'capabilities');
  const script = (...args: string[]) =>
    execa('node', [join(KIT, 'scripts', 'capabilities.ts'), ...args], { reject: false });

  it('is kept for the agent, with who approved it, as the person edited it', async () => {
    const first = await propose({ id: 'p-000001', request });
    await decide(first, { state: 'approved' });
    const second = await propose({ id: 'p-000002', request: { ...request, dockerfile: 'RUN all' } });
    const narrower = { ...request, dockerfile: 'RUN some' };
    await decide(second, { state: 'modified', request: narrower });
    const kept = await readCapabilities(AGENT);
    expect(kept).toMatchObject([
      { id: 'p-000001', bottle: BOTTLE, lines: request.dockerfile, reason: request.reason },
      { id: 'p-000002', lines: 'RUN some' },
    ]);
    const [name = ''] = (await readdir(directory())).filter((one) => one.endsWith('.json'));
    expect((await stat(join(directory(), name))).mode & 0o777).toBe(0o600);
    const text = capabilitiesText(await allCapabilities());
    expect(text).toContain('demo  (/demo.md)\n  p-000001, asked for in demo-a1b2c, approved 20');
    expect(text).toContain('  > RUN echo a\n  > ENV A=b\n  because:\n  > To^[ build.');
  });

  it('is not kept when it is rejected, nor when its lines may not be added; then it stays pending', async () => {
    await decide(await propose({ id: 'p-000001', request }), { state: 'rejected', reason: 'no' });
    const copying = await propose({ id: 'p-000002', request: { ...request, dockerfile: 'COPY . /x' } });
    await expect(decide(copying, { state: 'approved' })).rejects.toMatchObject({
      code: 'decision-refused',
      message: 'p-000002 cannot be approved: line 1: only RUN and ENV are allowed, not COPY',
    });
    await decide(copying, { state: 'rejected', reason: 'no' });
    expect(await allCapabilities()).toEqual([]);
  });

  it('that was interrupted is taken back by a rejection', async () => {
    const proposal = await propose({ request });
    // As a kill leaves it, before the decision is written.
    await keepCapability(proposal, request);
    expect(await readCapabilities(AGENT)).toHaveLength(1);
    await decide(proposal, { state: 'rejected', reason: 'no' });
    expect(await readCapabilities(AGENT)).toEqual([]);
  });

  it('is added once, however often it is approved, and no more than twenty are', async () => {
    for (let number = 10; number < 30; number += 1) {
      const dockerfile = number === 29 ? 'RUN 10' : `RUN ${number}`;
      const proposal = await propose({ id: `p-0000${number}`, request: { ...request, dockerfile } });
      await decide(proposal, { state: 'approved' });
    }
    expect(await readCapabilities(AGENT)).toHaveLength(19);
    const last = await propose({ id: 'p-000030', request: { ...request, dockerfile: 'RUN last' } });
    await decide(last, { state: 'approved' });
    const tooMany = await propose({ id: 'p-000031', request: { ...request, dockerfile: 'RUN more' } });
    await expect(decide(tooMany, { state: 'approved' })).rejects.toThrow('20 changes of the image of demo');
  });

  it('is removed by id and agent, and by its bottle when two have the same id', async () => {
    const kept = {
      id: 'p-000001',
      bottle: 'a-11111',
      lines: 'RUN a',
      reason: 'x',
      at: '2026-01-01T00:00:00.000Z',
    };
    await changeCapabilities(AGENT, () => [{ ...kept, by: 'ann' }]);
    await changeCapabilities({ ...AGENT, file: '/other/demo.md' }, () => [
      { ...kept, bottle: 'b-22222', by: 'ann' },
      { ...kept, id: 'p-000002', by: 'ann' },
    ]);
    expect((await script()).stdout).toMatch(/\/demo\.md[\s\S]*\/other\/demo\.md/);
    expect(await script('--remove', 'p-000001')).toMatchObject({ exitCode: 2 });
    expect(await script('--agent', 'demo', '--remove', 'p-00000z')).toMatchObject({ exitCode: 69 });
    const several = await script('--agent', 'demo', '--remove', 'p-000001');
    expect(several).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('in several bottles') });
    await script('--agent', 'demo', '--remove', 'p-000001', '--bottle', 'a-11111');
    expect(await readCapabilities(AGENT)).toEqual([]);
    await script('--agent', 'demo', '--remove', 'p-000001');
    const { stdout } = await script('--agent', 'demo', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ capabilities: [{ id: 'p-000002' }] });
  });
});

describe('a launch', () => {
  const home = useTemporaryHome();
  const lines = 'RUN apt-get install -y jq\nENV A=b';
  const capability = {
    id: 'p-000001',
    bottle: BOTTLE,
    lines,
    reason: 'x',
    at: '2026-01-01T00:00:00.000Z',
    by: 'ann',
  };
  const agentFile = () => join(home.path, 'home', 'agents', 'dev.md');

  beforeEach(async () => {
    vi.stubEnv('SMOLVM', FAKE);
    await writeFiles(home.path, {
      'home/bottles/base.md': '---\nagent_provider: {template: command, command: [x]}\n---\n',
      'home/agents/dev.md': '---\nbottle: base\n---\n',
    });
    vi.stubEnv('BOT_BOTTLE_IMAGE', 'mine');
  });

  async function plan() {
    const resolved = resolvedOf(await check(home.path, 'dev'));
    if (resolved === undefined) throw new Error('nothing was resolved');
    return resolvePlan(resolved);
  }

  it('plans what was approved for its agent, and shows it before anything is built', async () => {
    await changeCapabilities({ name: 'dev', file: '/elsewhere/dev.md' }, () => [capability]);
    expect(await plan()).not.toHaveProperty('capabilities');
    await changeCapabilities({ name: 'dev', file: agentFile() }, () => [capability]);
    expect(await plan()).toMatchObject({ capabilities: [capability] });
    expect(planScreen(await plan())).toContain(
      [
        'adds      what demo-a1b2c asked for as p-000001, approved by ann on 2026-01-01, run as root with the network:',
        '            > RUN apt-get install -y jq',
        '            > ENV A=b',
      ].join('\n'),
    );
  });

  it('is refused when what was approved cannot be read', async () => {
    await changeCapabilities({ name: 'dev', file: agentFile() }, () => [capability]);
    const directory = join(home.path, 'home', 'capabilities');
    const [name = ''] = (await readdir(directory)).filter((one) => one.endsWith('.json'));
    const text = await readFile(join(directory, name), 'utf8');
    await writeFile(join(directory, name), text.replace('RUN apt', 'COPY apt'));
    const { problems } = await check(home.path, 'dev');
    expect(problems).toMatchObject([
      { code: 'state-corrupt', message: expect.stringContaining('only RUN and ENV are allowed') },
    ]);
  });
});
