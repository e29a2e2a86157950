import { readFile, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { decisionFile, proposalFile } from '../../../lib/daemons/contract/supervise/queue-files.ts';
import { readQueue } from '../../../lib/daemons/contract/supervise/read-queue.ts';
import { BottleError } from '../../../lib/errors.ts';
import { decide, requireProposal } from '../../../lib/supervise/decide.ts';
import { prepareBottle, usePreparedBottles } from '../../support/supervise/prepared-bottle.ts';
import { proposalOf, propose } from '../../support/supervise/proposals.ts';
import { BOTTLE } from '../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

describe('a decision', () => {
  useTemporaryHome();
  usePreparedBottles();
  beforeEach(() => prepareBottle());

  const decisionOf = async () =>
    (await readQueue(bottlePaths.superviseQueue(BOTTLE), BOTTLE)).entries[0]?.decision;

  async function messageOf(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.catch((thrown: unknown) => thrown);
    if (error instanceof BottleError) return `${error.code}: ${error.message}`;
    throw new Error('it was not refused');
  }

  it('says who decided, and what', async () => {
    const proposal = await propose();
    await decide(proposal, { state: 'approved', limit: { seconds: 600 } });
    expect(await decisionOf()).toMatchObject({
      by: userInfo().username,
      verdict: { state: 'approved', limit: { seconds: 600 } },
    });
  });

  it('is made once: of ten who decide at the same time one wins, and the others are told by whom', async () => {
    const proposal = await propose();
    const attempts = Array.from({ length: 10 }, (_, index) =>
      decide(proposal, index % 2 === 0 ? { state: 'approved' } : { state: 'rejected', reason: 'no' }),
    );
    const results = await Promise.allSettled(attempts);
    const [winner, ...more] = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    expect(more).toEqual([]);
    expect(await decisionOf()).toEqual(winner);
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [String(result.reason.message)] : [],
    );
    expect(errors).toHaveLength(9);
    for (const error of errors)
      expect(error).toMatch(
        new RegExp(`^p-0r3k7m was decided before: ${winner?.verdict.state} by ${userInfo().username} at 2`),
      );
  });

  it('is not made about something else than what was shown', async () => {
    const shown = await propose();
    await propose({ request: { kind: 'allow', host: 'evil.example', reason: 'To install requests.' } });
    expect(await messageOf(decide(shown, { state: 'approved' }))).toBe(
      'decision-refused: p-0r3k7m has changed since it was shown',
    );
    expect(await decisionOf()).toBeUndefined();
  });

  it('may be made when only the count has changed since', async () => {
    const shown = await propose();
    await propose({ count: 5 });
    await expect(decide(shown, { state: 'approved' })).resolves.toBeDefined();
  });

  it('is refused when it comes too late', async () => {
    const proposal = await propose({ expires: '2026-01-01T00:00:00.000Z' });
    expect(await messageOf(decide(proposal, { state: 'approved' }))).toBe(
      'decision-refused: p-0r3k7m expired at 2026-01-01T00:00:00.000Z',
    );
  });

  it.each([
    [{ kind: 'ask', question: 'Which?' }, { state: 'approved' }],
    [
      { kind: 'notify', message: 'Done.' },
      { state: 'rejected', reason: 'no' },
    ],
    [
      { kind: 'allow', host: 'pypi.org', reason: 'x' },
      { state: 'answered', text: 'yes' },
    ],
    [{ kind: 'allow', host: 'pypi.org', reason: 'x' }, { state: 'expired' }],
    [
      { kind: 'allow', host: 'pypi.org', reason: 'x' },
      { state: 'modified', request: { kind: 'ask', question: 'Which?' } },
    ],
  ] as const)('of %j cannot be %j', async (request, given) => {
    const proposal = await propose({ request });
    expect(await messageOf(decide(proposal, given))).toBe(
      `decision-refused: p-0r3k7m is of the kind ${request.kind}, which cannot be ${given.state}`,
    );
  });

  it('is refused for a proposal that is not there, or was written by somebody hostile', async () => {
    expect(await messageOf(decide(proposalOf(), { state: 'approved' }))).toBe(
      `state-missing: ${BOTTLE} has no proposal p-0r3k7m`,
    );
    await propose();
    await writeFile(join(bottlePaths.superviseQueue(BOTTLE), proposalFile('p-0r3k7m')), '{"version":1');
    expect(await messageOf(requireProposal(BOTTLE, 'p-0r3k7m'))).toBe(
      `state-corrupt: the proposal p-0r3k7m of ${BOTTLE} cannot be used: not JSON`,
    );
  });

  it('never writes through a link that the bundle has laid, and is in force afterward', async () => {
    const proposal = await propose();
    const directory = bottlePaths.superviseQueue(BOTTLE);
    const victim = join(directory, '..', 'victim');
    await writeFile(victim, 'as it was');
    await symlink(victim, join(directory, decisionFile(proposal.id)));
    await decide(proposal, { state: 'rejected', reason: 'no' });
    expect(await readFile(victim, 'utf8')).toBe('as it was');
    expect(await decisionOf()).toMatchObject({ verdict: { state: 'rejected' } });
  });
});
