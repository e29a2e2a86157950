import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { SUPERVISE_AUDIT } from '../../../lib/daemons/contract/audit-files.ts';
import { superviseAuditLine } from '../../../lib/daemons/contract/supervise/audit.ts';
import { auditDirectory } from '../../../lib/host/directories.ts';
import { forgetBottle, teardown } from '../../../lib/phases/teardown.ts';
import { decide } from '../../../lib/supervise/decide.ts';
import { propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const question = { kind: 'ask', question: 'Which?' } as const;

/** Event and id of each line. */
async function lines() {
  const text = await readFile(join(auditDirectory(), SUPERVISE_AUDIT.nameOf(1)), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => superviseAuditLine.parse(JSON.parse(line)))
    .map((entry) => ('lost' in entry ? 'gap' : `${entry.event} ${entry.id}`));
}

describe('the audit at the end of a bottle that nobody watched', () => {
  useTemporaryHome();

  it('has what was asked when the bottle is taken down, and what was open when it is removed', async () => {
    await propose({ id: 'p-000001', request: question });
    await propose({ id: 'p-000002', expires: '2026-01-01T00:00:00.000Z' });
    const answered = await propose({ id: 'p-000003', request: question });
    await decide(answered, { state: 'answered', text: 'This.' });
    const before = ['proposed p-000003', 'decided p-000003'];
    const seen = ['proposed p-000001', 'proposed p-000002', 'decided p-000002'];
    await teardown(BOTTLE, () => {});
    expect(await lines()).toEqual([...before, ...seen]);
    // Nothing of it is written twice.
    await teardown(BOTTLE, () => {});
    await forgetBottle(BOTTLE);
    expect(await lines()).toEqual([...before, ...seen, 'ended p-000001']);
    await expect(stat(bottleDirectory(BOTTLE))).rejects.toThrow('ENOENT');
  });

  it('keeps no bottle from being removed when it cannot be written, nor when the queue cannot be read', async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const said = () => stderr.mock.calls.map(([text]) => String(text)).join('');
    await propose();
    await mkdir(dirname(auditDirectory()), { recursive: true });
    await writeFile(auditDirectory(), 'not a directory');
    await teardown(BOTTLE, () => {});
    await forgetBottle(BOTTLE);
    await expect(stat(bottleDirectory(BOTTLE))).rejects.toThrow('ENOENT');
    expect(said()).toContain(`warning: the audit of what ${BOTTLE} asked for could not be completed`);

    await rm(auditDirectory());
    const queue = bottlePaths.superviseQueue(BOTTLE);
    await mkdir(dirname(queue), { recursive: true });
    await writeFile(queue, 'not a directory');
    await teardown(BOTTLE, () => {});
    await forgetBottle(BOTTLE);
    await expect(stat(bottleDirectory(BOTTLE))).rejects.toThrow('ENOENT');
    expect(said()).toContain('ENOTDIR');
    stderr.mockRestore();
  });
});
