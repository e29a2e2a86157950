import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditEntry } from '../../../../../lib/daemons/contract/egress/audit.ts';
import { LEARNED_FILE, learnedFile } from '../../../../../lib/daemons/contract/egress/learned.ts';
import { LearnedStore } from '../../../../../lib/daemons/egress/audit/learned-store.ts';
import { Learner } from '../../../../../lib/daemons/egress/audit/learner.ts';
import { auditedRequest } from '../../../../support/egress/audit-entry.ts';

const entry = (changes: Partial<AuditEntry> = {}): AuditEntry =>
  auditedRequest({ verdict: 'deny', reason: 'request-unmatched', status: 403, ...changes });

const learnedFrom = (...entries: AuditEntry[]) => {
  const learner = new Learner();
  for (const one of entries) learner.note(one);
  return learnedFile.parse(learner.learned);
};

describe('the learner', () => {
  it('the learner keeps each kind of denial once, with its count and times', () => {
    const later = '2026-01-01T00:00:09.000Z';
    const { denials } = learnedFrom(entry(), entry({ time: later }), entry({ method: 'POST' }));
    expect(denials).toMatchObject([
      { method: 'GET', path: '/x', count: 2, first: entry().time, last: later },
      { method: 'POST', path: '/x', count: 1 },
    ]);
  });

  it('the learner ignores admissions, and failures other than a private address', () => {
    const { denials, unlearnable } = learnedFrom(
      entry({ verdict: 'allow', reason: null }),
      entry({ verdict: 'fail', reason: 'upstream-failed' }),
      entry({ verdict: 'fail', reason: 'address-refused' }),
    );
    expect([denials.map(({ reason }) => reason), unlearnable]).toEqual([['address-refused'], {}]);
  });

  it('the learner only counts denials that no route could fix', () => {
    const { denials, unlearnable } = learnedFrom(
      entry({ reason: 'host-invalid', host: null, port: null }),
      entry({ reason: 'git-push-refused' }),
      entry({ reason: 'git-push-refused' }),
    );
    expect([denials, unlearnable]).toEqual([[], { 'host-invalid': 1, 'git-push-refused': 2 }]);
  });

  it('the learner keeps nothing that a secret was withheld from', () => {
    const learned = learnedFrom(entry({ path: '[withheld]' }), entry({ host: '[withheld].evil.example' }));
    expect(learned).toMatchObject({ denials: [], withheld: 2 });
  });

  it('the learner limits hosts, paths and path lengths, and counts what exceeds them', () => {
    const hosts = Array.from({ length: 5000 }, (_, index) => entry({ host: `h${index}.example` }));
    expect(learnedFrom(...hosts)).toMatchObject({ denials: { length: 1000 }, beyond: 4000 });
    const paths = Array.from({ length: 5000 }, (_, index) => entry({ path: `/${index}` }));
    const after = learnedFrom(...paths, entry({ host: 'b.example' }));
    expect(after).toMatchObject({ denials: { length: 101 }, beyond: 4900 });
    expect(learnedFrom(entry({ path: `/${'x'.repeat(1023)}…` }))).toMatchObject({ denials: [], beyond: 1 });
  });
});

describe('the file of learned denials', () => {
  let directory = '';
  const said: string[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'learned-'));
    said.length = 0;
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const read = async () =>
    learnedFile.parse(JSON.parse(await readFile(join(directory, LEARNED_FILE), 'utf8')));
  const store = () => LearnedStore.open(directory, (text) => said.push(text));

  it('learned denials are written while egress runs and at exit, and kept over a restart', async () => {
    const first = await store();
    first.note(entry());
    await vi.waitFor(async () => expect((await read()).denials).toHaveLength(1), { timeout: 5000 });
    first.note(entry({ path: '/y' }));
    await first.close();
    const second = await store();
    second.note(entry());
    await second.close();
    expect((await read()).denials).toMatchObject([
      { path: '/x', count: 2 },
      { path: '/y', count: 1 },
    ]);
    expect(said).toEqual([]);
  });

  it('an unusable file of learned denials is replaced, and the log says so', async () => {
    await writeFile(join(directory, LEARNED_FILE), '{"version":1,"denials":"all"}');
    const opened = await store();
    opened.note(entry());
    await opened.close();
    expect((await read()).denials).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining('begun anew')]);
  });
});
