import { appendFile, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import { AUDIT_FILE_LIMITS, SUPERVISE_AUDIT } from '../../../lib/daemons/contract/audit-files.ts';
import { superviseAuditLine } from '../../../lib/daemons/contract/supervise/audit.ts';
import type { Verdict } from '../../../lib/daemons/contract/supervise/decision.ts';
import { decisionFile, replaceQueueFile } from '../../../lib/daemons/contract/supervise/queue-files.ts';
import { auditDirectory } from '../../../lib/host/directories.ts';
import { recordDecision, recordQueue } from '../../../lib/supervise/audit.ts';
import { proposalOf, propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const path = (number: number) => join(auditDirectory(), SUPERVISE_AUDIT.nameOf(number));
const APPROVED: Verdict = { state: 'approved', limit: { uses: 2 } };
const decided = (verdict: Verdict, by: string | null = 'ann') => ({
  ...{ by, verdict, decided: new Date(Date.now() + 5000).toISOString() },
});

describe('the audit of proposals and decisions', () => {
  useTemporaryHome();

  async function entries(number = 1) {
    const text = await readFile(path(number), 'utf8');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    return text
      .trimEnd()
      .split('\n')
      .map((one) => superviseAuditLine.parse(JSON.parse(one)));
  }

  it('has a line for each, whoever looks and however often', async () => {
    const proposal = await propose({ request: { kind: 'notify', message: 'é\u202e' } });
    await Promise.all(Array.from({ length: 5 }, () => recordQueue(BOTTLE)));
    await recordDecision(proposal, decided({ state: 'seen' }));
    await Promise.all([recordQueue(BOTTLE), recordDecision(proposal, decided({ state: 'seen' }))]);
    expect(await entries()).toMatchObject([
      { event: 'proposed', bottle: BOTTLE, id: proposal.id, request: { message: 'é\u202e' } },
      { event: 'decided', by: 'ann', verdict: { state: 'seen' }, change: [] },
    ]);
    expect((await stat(path(1))).mode & 0o777).toBe(0o600);
  });

  it('tells who decided what, how long it waited, and what it changes', async () => {
    const proposal = await propose();
    await recordDecision(proposal, decided(APPROVED), ['+ - host: pypi.org']);
    const [, entry] = await entries();
    expect(entry).toMatchObject({ by: 'ann', verdict: APPROVED, change: ['+ - host: pypi.org'] });
    expect(entry).toHaveProperty('waited', expect.closeTo(5000, -3));
  });

  it('has what expired, by nobody, whether the daemon noticed or not', async () => {
    await propose({ id: 'p-000001', expires: '2026-01-01T00:00:00.000Z' });
    const { id } = await propose({ id: 'p-000002' });
    const decision = { version: 1, id, ...decided({ state: 'expired' }, null) };
    await replaceQueueFile(bottlePaths.superviseQueue(BOTTLE), decisionFile(id), decision);
    await recordQueue(BOTTLE);
    const found = (await entries()).filter((entry) => 'by' in entry);
    expect(found).toMatchObject([
      { id: 'p-000001', by: null, verdict: { state: 'expired' } },
      { id: 'p-000002', by: null, verdict: { state: 'expired' } },
    ]);
  });

  it('outlives its bottle, and does not bring it back', async () => {
    const proposal = await propose();
    await rm(bottleDirectory(BOTTLE), { recursive: true });
    await recordDecision(proposal, decided(APPROVED));
    await recordQueue(BOTTLE);
    expect(await entries()).toHaveLength(2);
    await expect(stat(bottleDirectory(BOTTLE))).rejects.toThrow('ENOENT');
  });

  it('goes on behind a line that was cut, and in the next file when one is full', async () => {
    await recordDecision(proposalOf({ id: 'p-000001' }), decided(APPROVED));
    await appendFile(path(1), '{"cut');
    await recordDecision(proposalOf({ id: 'p-000002' }), decided(APPROVED));
    expect((await readFile(path(1), 'utf8')).split('\n')).toHaveLength(6);
    for (let number = 1; number <= AUDIT_FILE_LIMITS.maxFiles; number += 1) {
      await truncate(path(number), AUDIT_FILE_LIMITS.maxBytes);
      await recordDecision(proposalOf({ id: `p-00001${number}` }), decided(APPROVED));
    }
    const names = (await readdir(auditDirectory())).filter((name) => SUPERVISE_AUDIT.numberOf(name));
    expect(names).toHaveLength(AUDIT_FILE_LIMITS.maxFiles);
    expect(names).not.toContain(SUPERVISE_AUDIT.nameOf(1));
  });
});
