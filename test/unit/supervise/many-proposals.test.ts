import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { frame } from '../../../lib/commands/supervise/screen/frame.ts';
import { FIRST_STATE, withBottles } from '../../../lib/commands/supervise/screen/state.ts';
import { SUPERVISE_AUDIT } from '../../../lib/daemons/contract/audit-files.ts';
import { nextProposalId } from '../../../lib/daemons/contract/supervise/proposal-id.ts';
import { proposalFile } from '../../../lib/daemons/contract/supervise/queue-files.ts';
import { Proposals } from '../../../lib/daemons/supervise/proposals.ts';
import { auditDirectory } from '../../../lib/host/directories.ts';
import { recordQueue } from '../../../lib/supervise/audit.ts';
import { pendingProposals } from '../../../lib/supervise/queues.ts';
import { KIT } from '../../support/kit.ts';
import { proposalOf, propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const COUNT = 10_000;
/** Files that were opened and removed. */
const opened = vi.hoisted(() => [] as string[]);
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  const open: typeof real.open = (path, ...rest) => {
    opened.push(String(path));
    return real.open(path, ...rest);
  };
  return { ...real, open };
});

describe('ten thousand proposals, as a hostile bundle may leave', () => {
  useTemporaryHome();
  const queue = () => bottlePaths.superviseQueue(BOTTLE);

  beforeEach(() => {
    mkdirSync(queue(), { recursive: true });
    let id: string | undefined;
    for (let number = 0; number < COUNT; number += 1) {
      id = nextProposalId(0, id);
      const request = { kind: 'ask', question: `Which? ${number}` } as const;
      writeFileSync(join(queue(), proposalFile(id)), JSON.stringify(proposalOf({ id, request })));
    }
    opened.length = 0;
  });
  afterEach(() => {
    opened.length = 0;
  });

  /** A proposal and the decision about it, for as many names as are looked at. */
  const MOST = 2 * 600;

  it('are read up to a limit, and the person sees what a bottle can have, and that there is more', async () => {
    const other = await propose({ bottle: 'other-x9y8z' });
    opened.length = 0;
    const [found, others] = await pendingProposals();
    expect(opened.length).toBeLessThanOrEqual(MOST + 2);
    expect(found?.pending).toHaveLength(100);
    expect(found?.problems).toEqual([
      'more than 600 files',
      '500 more proposals wait, which no daemon of the kit would let in; they are not shown',
    ]);
    expect(others).toMatchObject({ pending: [other], problems: [] });
    const size = { columns: 80, rows: 24 };
    expect(
      frame(withBottles(FIRST_STATE, found === undefined ? [] : [found]), size, Date.now()),
    ).toHaveLength(24);

    const script = join(KIT, 'scripts', 'supervise.ts');
    const { stdout, stderr } = await execa('node', [script, '--once', '--json']);
    expect(stdout.split('\n')).toHaveLength(101);
    expect(stderr).toContain('more than 600 files');
  });

  it('leave as many lines in the audit, and no more when it is written again', async () => {
    await recordQueue(BOTTLE);
    // The lines are written in groups, each synced once.
    expect(opened.filter((path) => path.startsWith(auditDirectory())).length).toBeLessThan(50);
    await recordQueue(BOTTLE);
    const text = readFileSync(join(auditDirectory(), SUPERVISE_AUDIT.nameOf(1)), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(600);
  });

  it('keep no daemon from starting, and it takes no further ones', async () => {
    const reports: string[] = [];
    const report = (text: string) => reports.push(text);
    const proposals = await Proposals.open({ directory: queue(), bottle: BOTTLE, report });
    expect(opened.length).toBeLessThanOrEqual(MOST);
    expect(reports).toEqual(['"" is not used: more than 600 files']);
    const refused = await proposals.propose({ kind: 'ask', question: 'One more?' });
    expect(refused).toMatchObject({ refused: expect.stringContaining('wait for the person already') });
    expect(await readdir(queue())).toHaveLength(COUNT);
  });
});
