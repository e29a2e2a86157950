import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QUEUE_LIMITS } from '../../../../lib/daemons/contract/supervise/limits.ts';
import type { SuperviseRequest } from '../../../../lib/daemons/contract/supervise/request.ts';
import { Proposals, type ProposalsOptions } from '../../../../lib/daemons/supervise/proposals.ts';
import { decide } from '../../../../lib/supervise/decide.ts';
import { pendingProposals } from '../../../../lib/supervise/queues.ts';
import { BOTTLE } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

describe('an agent that floods the person', () => {
  const home = useTemporaryHome();

  async function open(options: Partial<ProposalsOptions> = {}): Promise<Proposals> {
    const directory = join(home.path, 'home', 'state', BOTTLE, 'supervise', 'queue');
    await mkdir(directory, { recursive: true });
    return await Proposals.open({ directory, bottle: BOTTLE, report: () => {}, rate: ANY_RATE, ...options });
  }

  const ANY_RATE = { burst: 100_000, perSecond: 100_000 };
  const ask = (question: string): SuperviseRequest => ({ kind: 'ask', question });

  it('has 32 proposals pending at most, and 32 messages beside them', async () => {
    const proposals = await open();
    for (let index = 0; index < 100; index += 1) {
      await proposals.propose(ask(`question ${index}`));
      await proposals.propose({ kind: 'notify', message: `message ${index}` });
    }
    expect(await proposals.propose(ask('one more'))).toEqual({
      refused: '32 proposals wait for the person already. Wait until some of them are answered.',
    });
    const [of] = await pendingProposals([BOTTLE]);
    expect(of?.pending).toHaveLength(64);
  });

  it('may ask again once something was decided', async () => {
    const proposals = await open();
    for (let index = 0; index < QUEUE_LIMITS.pending; index += 1)
      await proposals.propose(ask(`question ${index}`));
    const [first] = (await pendingProposals([BOTTLE]))[0]?.pending ?? [];
    if (first === undefined) throw new Error('nothing is pending');
    await decide(first, { state: 'answered', text: 'yes' });
    expect(await proposals.propose(ask('one more'))).toHaveProperty('id');
  });

  it('gets 10 proposals through at once, and then one in ten seconds', async () => {
    const proposals = await open({ rate: QUEUE_LIMITS.rate });
    for (let index = 0; index < 10; index += 1)
      expect(await proposals.propose(ask(`question ${index}`))).toHaveProperty('id');
    expect(await proposals.propose(ask('one more'))).toEqual({
      refused: expect.stringMatching(/^Too many proposals/),
    });
  });

  it('makes one entry of 10,000 proposals of the same, with a count', async () => {
    const proposals = await open({ rate: QUEUE_LIMITS.rate });
    await Promise.all(Array.from({ length: 10_000 }, () => proposals.propose(ask('the same'))));
    await expect
      .poll(async () => (await pendingProposals([BOTTLE]))[0]?.pending)
      .toMatchObject([{ count: 10_000 }]);
  });

  it('fills no disk with 10,000 different proposals', async () => {
    const proposals = await open({ rate: QUEUE_LIMITS.rate });
    const all = Array.from({ length: 10_000 }, (_, index) => proposals.propose(ask(`question ${index}`)));
    const taken = (await Promise.all(all)).filter((proposed) => 'id' in proposed);
    expect(taken.length).toBeLessThan(20);
  });

  it('leaves only the newest 100 of what was decided', async () => {
    const proposals = await open();
    for (let index = 0; index < 130; index += 1) {
      const proposal = await proposals.propose(ask(`question ${index}`));
      if (!('id' in proposal)) throw new Error(proposal.refused);
      await decide(proposal, { state: 'rejected', reason: 'no' });
      await proposals.decisionOf(proposal.id);
    }
    const names = await readdir(join(home.path, 'home', 'state', BOTTLE, 'supervise', 'queue'));
    expect(names.length).toBeLessThanOrEqual(2 * (QUEUE_LIMITS.decided + 1));
  });
});

describe('the clock', () => {
  const home = useTemporaryHome();
  const ask: SuperviseRequest = { kind: 'ask', question: 'When?' };

  async function open(now: () => number): Promise<Proposals> {
    const directory = join(home.path, 'home', 'state', BOTTLE, 'supervise', 'queue');
    await mkdir(directory, { recursive: true });
    return await Proposals.open({ directory, bottle: BOTTLE, report: () => {}, now });
  }

  const HOUR = 3_600_000;

  it('lets a proposal lapse after a day, and asking again is a new one', async () => {
    let now = Date.UTC(2026, 10, 1);
    const proposals = await open(() => now);
    const first = await proposals.propose(ask);
    if (!('id' in first)) throw new Error(first.refused);
    now += 23 * HOUR;
    expect(await proposals.decisionOf(first.id)).toBeUndefined();
    now += 2 * HOUR;
    expect(await proposals.decisionOf(first.id)).toMatchObject({ by: null, verdict: { state: 'expired' } });
    expect(await proposals.propose(ask)).not.toMatchObject({ id: first.id });
  });

  it('may go back: later proposals still sort behind earlier ones', async () => {
    let now = Date.UTC(2026, 10, 1);
    const proposals = await open(() => now);
    const first = await proposals.propose({ kind: 'ask', question: 'one' });
    now -= 1000 * HOUR;
    const second = await proposals.propose({ kind: 'ask', question: 'two' });
    const reopened = await open(() => now);
    const third = await reopened.propose({ kind: 'ask', question: 'three' });
    const ids = [first, second, third].map((proposed) => ('id' in proposed ? proposed.id : ''));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives a request that egress holds 300 seconds', async () => {
    let now = Date.UTC(2026, 10, 1);
    const proposals = await open(() => now);
    const held = await proposals.propose({
      ...{ kind: 'egress-token-allow', host: 'example.com', method: 'POST', path: '/', places: ['body'] },
      values: [{ kind: 'github-token', mark: '3f9a1c2e'.repeat(3) }],
    });
    if (!('id' in held)) throw new Error(held.refused);
    now += 299_000;
    expect(await proposals.decisionOf(held.id)).toBeUndefined();
    now += 1000;
    expect(await proposals.decisionOf(held.id)).toMatchObject({ verdict: { state: 'expired' } });
  });
});
