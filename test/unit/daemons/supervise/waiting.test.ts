import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../lib/daemons/contract/supervise/decision.ts';
import { decide, requireProposal } from '../../../../lib/supervise/decide.ts';
import { pendingProposals } from '../../../../lib/supervise/queues.ts';
import { beat, stopBeating } from '../../../../lib/supervise/watch.ts';
import { prepareBottle, usePreparedBottles } from '../../../support/supervise/prepared-bottle.ts';
import { BOTTLE, call, makeScene, type Scene, type SceneOptions } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const ALLOW = { host: 'pypi.org', methods: ['GET'], pathPrefix: '/simple/', reason: 'To install requests.' };

describe('a call that waits for a person', () => {
  useTemporaryHome();
  usePreparedBottles();
  beforeEach(() => prepareBottle());
  let scene: Scene | undefined;
  afterEach(() => scene?.close());

  async function start(options?: SceneOptions): Promise<Scene> {
    scene = await makeScene(options);
    return scene;
  }

  /** Waits for a proposal and decides about it, as a person does. */
  async function decideNext(given: Verdict): Promise<void> {
    const proposal = await nextProposal();
    await decide(proposal, given);
  }

  async function nextProposal() {
    return await expect
      .poll(async () => (await pendingProposals([BOTTLE]))[0]?.pending[0])
      .toBeDefined()
      .then(async () => {
        const [found] = (await pendingProposals([BOTTLE]))[0]?.pending ?? [];
        if (found === undefined) throw new Error('nothing is pending');
        return found;
      });
  }

  it.each(['auto', 'legacy'] as const)('ends with the decision (%s)', async (mode) => {
    const agent = await (await start()).connectAgent(mode);
    const answered = call(agent, 'allow', { ...ALLOW, uses: 2 });
    await decideNext({ state: 'approved', limit: { uses: 2 }, note: 'go on' });
    expect((await answered).json).toMatchObject({
      status: 'approved',
      id: expect.stringMatching(/^p-/),
      limit: { uses: 2 },
      note: 'go on',
      message: 'Approved. It is in force, as generation 2 of the policy.',
    });
  });

  it('tells what was approved instead', async () => {
    const agent = await (await start()).connectAgent();
    const answered = call(agent, 'allow', ALLOW);
    const request = { kind: 'allow' as const, ...ALLOW, pathPrefix: '/simple/requests/' };
    await decideNext({ state: 'modified', request });
    expect((await answered).json).toMatchObject({
      status: 'modified',
      request: { pathPrefix: '/simple/requests/' },
    });
  });

  it('tells the person’s reason for a rejection', async () => {
    const agent = await (await start()).connectAgent();
    const answered = call(agent, 'git-allow', { finding: 'f-0123456789ab', reason: 'An example key.' });
    await decideNext({ state: 'rejected', reason: 'Use the mirror.' });
    const { json, isError } = await answered;
    expect(isError).toBe(false);
    expect(json).toMatchObject({ status: 'rejected', reason: 'Use the mirror.' });
  });

  it('tells the answer to a question', async () => {
    const agent = await (await start()).connectAgent();
    const answered = call(agent, 'ask', { question: 'Which?', choices: ['this', 'that'] });
    await decideNext({ state: 'answered', text: 'that' });
    expect((await answered).json).toMatchObject({ status: 'answered', text: 'that' });
  });

  it('does not claim that a change of the image is in force', async () => {
    const agent = await (await start()).connectAgent();
    const answered = call(agent, 'capability', {
      dockerfile: 'RUN apt-get install -y jq',
      reason: 'To read JSON.',
    });
    await decideNext({ state: 'approved' });
    expect((await answered).json.message).toMatch(/next launch/);
  });

  it('sends headers at once, even to an agent that asks for no progress', async () => {
    const { url } = await start();
    const gone = new AbortController();
    const begun = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'allow', arguments: ALLOW },
      }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(performance.now() - begun).toBeLessThan(5000);
    await nextProposal();
    gone.abort();
  });

  it.each(['auto', 'legacy'] as const)('reports progress, at once and again (%s)', async (mode) => {
    const agent = await (await start()).connectAgent(mode);
    const messages: (string | undefined)[] = [];
    const answered = call(agent, 'allow', ALLOW, { onprogress: ({ message }) => messages.push(message) });
    await expect.poll(() => messages.length).toBeGreaterThan(2);
    await decideNext({ state: 'rejected', reason: 'no' });
    await answered;
    expect(messages[0]).toMatch(/^p-\w{6} waits for a person, but nobody watches the queue now \(0 s\)$/);
  });

  it('reports progress for a token of 0, as Codex sends it', async () => {
    const { url } = await start();
    const gone = new AbortController();
    const params = { name: 'allow', arguments: ALLOW, _meta: { progressToken: 0 } };
    const response = await fetch(url, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('notifications/progress')) break;
    }
    expect(text).toContain('"progressToken":0');
    gone.abort();
  });

  it('ends with an id when nobody decides, and a check takes it up', async () => {
    const agent = await (await start({ timings: { answerMs: 50, unwatchedMs: 50 } })).connectAgent();
    const { json } = await call(agent, 'allow', ALLOW);
    expect(json).toMatchObject({ status: 'pending', watched: false });
    const id = String(json.id);
    expect((await call(agent, 'check', { id })).json).toMatchObject({ status: 'pending', id });
    await decide(await requireProposal(BOTTLE, id), { state: 'approved' });
    expect((await call(agent, 'check', { id })).json).toMatchObject({ status: 'approved', id });
    // And is not forgotten by being told once.
    expect((await call(agent, 'check', { id })).json).toMatchObject({ status: 'approved', id });
  });

  it('waits longer while somebody watches, and says so', async () => {
    const agent = await (await start({ timings: { answerMs: 400, unwatchedMs: 0 } })).connectAgent();
    await beat(BOTTLE);
    const begun = performance.now();
    expect((await call(agent, 'allow', ALLOW)).json).toMatchObject({ status: 'pending', watched: true });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(390);
    await stopBeating(BOTTLE);
    expect((await call(agent, 'allow', ALLOW)).json).toMatchObject({ status: 'pending', watched: false });
  });

  it('is taken up by the next call for the same, even if it was decided between the two', async () => {
    const { connectAgent, files } = await start({ timings: { answerMs: 0, unwatchedMs: 0 } });
    const agent = await connectAgent();
    const first = await call(agent, 'allow', ALLOW);
    const again = await call(agent, 'allow', { ...ALLOW, reason: 'Other words for the same.' });
    expect(again.json.id).toBe(first.json.id);
    const id = String(first.json.id);
    await expect.poll(async () => (await requireProposal(BOTTLE, id)).count).toBe(2);
    const proposal = await requireProposal(BOTTLE, id);
    await decide(proposal, { state: 'rejected', reason: 'no' });
    expect((await call(agent, 'allow', ALLOW)).json).toMatchObject({ status: 'rejected', id: first.json.id });
    // Now the agent knows. Asking again is asking anew.
    expect((await call(agent, 'allow', ALLOW)).json.id).not.toBe(first.json.id);
    expect(await files()).toHaveLength(3);
  });

  it.each(['auto', 'legacy'] as const)(
    'leaves the answer for later when the agent hangs up (%s)',
    async (mode) => {
      const { connectAgent } = await start();
      const agent = await connectAgent(mode);
      const cut = call(agent, 'allow', ALLOW);
      const proposal = await nextProposal();
      await agent.close();
      await expect(cut).rejects.toThrow();
      // The daemon needs a moment to see it.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await decide(proposal, { state: 'approved' });
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect((await requireProposal(BOTTLE, proposal.id)).told).toBe(false);
      const next = await connectAgent(mode);
      expect((await call(next, 'allow', ALLOW)).json).toMatchObject({ status: 'approved', id: proposal.id });
    },
  );
});
