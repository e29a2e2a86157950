import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { bottlePaths } from '../../../../lib/bottle/paths.ts';
import { KIT } from '../../../support/kit.ts';
import { prepareBottle, usePreparedBottles } from '../../../support/supervise/prepared-bottle.ts';
import { propose } from '../../../support/supervise/proposals.ts';
import { BOTTLE } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const ID = 'p-0r3k7m';

describe('deciding by scripts', () => {
  useTemporaryHome();
  usePreparedBottles();
  beforeEach(() => prepareBottle());

  const run = (script: string, ...args: string[]) =>
    execa(process.execPath, [join(KIT, 'scripts', `${script}.ts`), ...args], { reject: false });

  it('what is listed is approved once, and then no longer listed', async () => {
    await propose();
    const listed = await run('supervise', '--once', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({
      bottle: BOTTLE,
      id: ID,
      request: { host: 'pypi.org' },
    });
    const approved = await run('approve', '--bottle', BOTTLE, '--id', ID, '--uses', '2', '--json');
    expect(approved.exitCode, approved.stderr).toBe(0);
    expect(JSON.parse(approved.stdout)).toMatchObject({ verdict: { state: 'approved', limit: { uses: 2 } } });
    expect(approved.stderr).toContain('GET to pypi.org, any path');
    const again = await run('reject', '--bottle', BOTTLE, '--id', ID, '--reason', 'no');
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toMatch(/was decided before: approved by/);
    expect((await run('supervise', '--once')).stdout).toBe('nothing is pending');
  });

  it('an approval says that it is in force', async () => {
    await propose();
    const { stderr } = await run('approve', '--bottle', BOTTLE, '--id', ID);
    expect(stderr).toMatch(/p-0r3k7m: approved, as long as the bottle lives; in force as generation 2$/m);
  });

  it('who watches sees what comes, and the agent is told until the watcher ends', async () => {
    const watching = join(bottlePaths.superviseQueue(BOTTLE), 'watching.json');
    await propose();
    const watcher = spawn(process.execPath, [join(KIT, 'scripts/supervise.ts')], { stdio: 'pipe' });
    let shown = '';
    watcher.stdout.on('data', (chunk) => {
      shown += String(chunk);
    });
    await expect.poll(() => shown, { timeout: 10_000 }).toContain(ID);
    await access(watching);
    await propose({ id: 'p-0r3k7n', request: { kind: 'notify', message: 'Done.' } });
    await expect.poll(() => shown, { timeout: 2000 }).toContain('Done.');
    watcher.kill('SIGINT');
    await once(watcher, 'exit');
    await expect(access(watching)).rejects.toThrow();
    expect(shown.split(ID)).toHaveLength(2);
  });
});
