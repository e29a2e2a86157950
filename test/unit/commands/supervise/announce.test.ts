import { access, chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { bottlePaths } from '../../../../lib/bottle/paths.ts';
import { readRecord, writeRecord } from '../../../../lib/bottle/records.ts';
import { announcing } from '../../../../lib/commands/supervise/announce.ts';
import { planSchema } from '../../../../lib/plan/schema.ts';
import { prepareBottle, usePreparedBottles } from '../../../support/supervise/prepared-bottle.ts';
import { propose } from '../../../support/supervise/proposals.ts';
import { BOTTLE } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const QUESTION = { kind: 'ask', question: 'Which?\u001b[2J' } as const;

describe('what an agent asks for while its session runs', () => {
  const home = useTemporaryHome();
  usePreparedBottles();

  const isWatched = () =>
    access(join(bottlePaths.superviseQueue(BOTTLE), 'watching.json')).then(
      () => true,
      () => false,
    );

  /** A program that appends the proposals that it is told of. */
  async function notifier(): Promise<() => Promise<string>> {
    const path = join(home.path, 'notify');
    await writeFile(path, '#!/bin/sh\ncat >> "$0.told"\n');
    await chmod(path, 0o755);
    vi.stubEnv('BOT_BOTTLE_NOTIFY', path);
    return () => readFile(`${path}.told`, 'utf8').catch(() => '');
  }

  function withoutNotifier(): void {
    for (const name of ['BOT_BOTTLE_NOTIFY', 'DISPLAY', 'WAYLAND_DISPLAY']) vi.stubEnv(name, '');
    vi.stubEnv('SSH_CONNECTION', '1 2 3 4');
  }

  it('reaches the person by their program, and the agent knows that somebody is told', async () => {
    await prepareBottle();
    const told = await notifier();
    await propose({ id: 'p-000001', request: QUESTION });
    const stderr = vi.spyOn(process.stderr, 'write');
    const exitCode = await announcing(BOTTLE, undefined, async () => {
      await expect.poll(told, { timeout: 10_000 }).toContain('p-000001');
      expect(await isWatched()).toBe(true);
      return 7;
    });
    expect([exitCode, await isWatched()]).toEqual([7, false]);
    expect(stderr).not.toHaveBeenCalled();
    stderr.mockRestore();
  });

  it('is a line each where no agent has the terminal, with nothing in it that acts; nobody counts as watching', async () => {
    await prepareBottle();
    withoutNotifier();
    const lines: string[] = [];
    await announcing(
      BOTTLE,
      (line) => lines.push(line),
      async () => {
        await propose({ id: 'p-000001', request: QUESTION });
        await expect.poll(() => lines, { timeout: 10_000 }).toHaveLength(1);
        await propose({ id: 'p-000001', count: 2, request: QUESTION });
        await propose({ id: 'p-000002' });
        await expect.poll(() => lines, { timeout: 10_000 }).toHaveLength(2);
        expect(await isWatched()).toBe(false);
      },
    );
    expect(lines).toEqual([
      `the agent asks (ask): Which?^[[2J\nto decide, in another terminal: make approve BOTTLE=${BOTTLE} ID=p-000001 ANSWER=…, or make reject`,
      `the agent asks (allow): GET pypi.org\nto decide, in another terminal: make approve BOTTLE=${BOTTLE} ID=p-000002, or make reject`,
    ]);
  });

  it('is told to nobody where every proposal is refused at once', async () => {
    await prepareBottle();
    const record = await readRecord(BOTTLE, 'prepare', planSchema);
    if (record === undefined) throw new Error('the bottle was not prepared');
    await writeRecord(BOTTLE, { ...record, data: { ...record.data, superviseMode: 'deny' } });
    await notifier();
    await announcing(BOTTLE, undefined, async () => {
      await sleep(1500);
      expect(await isWatched()).toBe(false);
    });
  });

  it('is no reason to keep a session from ending with its error', async () => {
    await prepareBottle();
    withoutNotifier();
    const failing = announcing(BOTTLE, undefined, () => Promise.reject(new Error('it died')));
    await expect(failing).rejects.toThrow('it died');
  });
});
