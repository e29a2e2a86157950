import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { bottleDirectory } from '../../../lib/bottle/paths.ts';
import { decide } from '../../../lib/supervise/decide.ts';
import { readGrants } from '../../../lib/supervise/grants-file.ts';
import { KIT } from '../../support/kit.ts';
import { prepareBottle, usePreparedBottles } from '../../support/supervise/prepared-bottle.ts';
import { propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

describe('an approval that is killed', () => {
  useTemporaryHome();
  usePreparedBottles();

  it('while egress is asked grants nothing, and keeps nobody from deciding', async () => {
    const bottle = await prepareBottle([{ host: 'a.example' }]);
    const proposal = await propose();
    // `docker` waits for whoever writes to it.
    const pipe = join(bottleDirectory(BOTTLE), 'docker-says');
    await execa('mkfifo', [pipe]);
    const approve = join(KIT, 'scripts', 'approve.ts');
    const child = spawn(process.execPath, [approve, '--bottle', BOTTLE, '--id', proposal.id]);
    await expect.poll(() => readGrants(BOTTLE), { timeout: 10_000 }).toMatchObject([{ state: 'loading' }]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // Open for both, since nobody may be waiting yet.
    await (await open(pipe, 'r+')).close();
    await rm(pipe);
    // As if egress had read it just before.
    await bottle.egress.reload();
    await decide(proposal, { state: 'rejected', reason: 'no' });
    expect(bottle.inForce()).toEqual([{ host: 'a.example' }]);
    expect(await readGrants(BOTTLE)).toEqual([]);
  });
});
