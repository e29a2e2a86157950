import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decide, requireProposal } from '../../../../lib/supervise/decide.ts';
import { auditedRequest } from '../../../support/egress/audit-entry.ts';
import { BOTTLE, call, makeScene, type Scene, type SceneOptions } from '../../../support/supervise/scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const ROUTES = [
  {
    host: 'api.example.com',
    auth: { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' },
    matches: [{ methods: ['GET'], paths: [{ type: 'prefix' as const, value: '/v1' }] }],
  },
  { host: 'docs.example.com', matches: [{ methods: ['GET'] }] },
];

describe('the tools', () => {
  useTemporaryHome();
  let scene: Scene | undefined;
  afterEach(() => scene?.close());

  async function agentOf(options?: SceneOptions) {
    scene = await makeScene(options);
    return await scene.connectAgent();
  }

  it('are eight, each with a description and a schema that names every argument', async () => {
    const agent = await agentOf();
    const { tools } = await agent.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      ...[
        'list-egress-routes',
        'explain-denial',
        'allow',
        'git-allow',
        'capability',
        'ask',
        'notify',
        'check',
      ],
    ]);
    for (const { description, inputSchema } of tools) {
      expect(description?.length).toBeGreaterThan(80);
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      for (const property of Object.values(inputSchema.properties ?? {}))
        expect(property).toHaveProperty('description');
    }
    // About what every session of an agent pays for them.
    expect(JSON.stringify(tools).length).toBeLessThan(8000);
  });

  it('list the routes that egress has in force, by the names of their slots', async () => {
    const agent = await agentOf({ routes: ROUTES });
    expect((await call(agent, 'list-egress-routes')).json).toEqual({ generation: 1, routes: ROUTES });
  });

  it('say so when egress does not answer', async () => {
    const agent = await agentOf();
    const { isError, text } = await call(agent, 'list-egress-routes');
    expect(isError).toBe(true);
    expect(text).toMatch(/does not answer/);
    expect((await call(agent, 'explain-denial', { url: 'https://x.test/' })).isError).toBe(true);
  });

  it.each([
    [
      'https://api.example.com/v1/items',
      'GET',
      { allowed: false, code: 'token-missing' },
      /No route can open this/,
    ],
    ['https://docs.example.com/', 'POST', { allowed: false, code: 'request-unmatched' }, /`allow`/],
    ['https://other.example/', 'GET', { allowed: false, code: 'host-unlisted', rule: null }, /`allow`/],
    ['http://10.0.0.1/', 'GET', { allowed: false, code: 'host-invalid' }, /No route can open this/],
  ])('explain why %s is refused', async (url, method, expected, next) => {
    const agent = await agentOf({ routes: ROUTES });
    const { json } = await call(agent, 'explain-denial', { url, method });
    expect(json).toMatchObject(expected);
    expect(json.next).toMatch(next);
  });

  it('tell that a request is let out', async () => {
    const agent = await agentOf({ routes: [{ host: 'open.example' }] });
    const { json } = await call(agent, 'explain-denial', { url: 'https://open.example/x' });
    expect(json).toEqual({ allowed: true, rule: 'open.example', recent: [] });
  });

  it('list what was refused lately, newest first, and of one host alone', async () => {
    const agent = await agentOf({ routes: ROUTES });
    const denied = (host: string, time: string) =>
      auditedRequest({ host, time, verdict: 'deny', reason: 'host-unlisted', status: 403 });
    const lines = [
      denied('a.example', '2026-11-01T00:00:00.000Z'),
      auditedRequest({ host: 'a.example' }),
      denied('b.example', '2026-11-02T00:00:00.000Z'),
    ];
    const text = ['cut short"}', ...lines.map((line) => JSON.stringify(line)), ''].join('\n');
    await writeFile(join(scene?.audit ?? '', 'audit.000001.jsonl'), text);
    const all = await call(agent, 'explain-denial');
    expect(all.json.recent).toMatchObject([{ host: 'b.example' }, { host: 'a.example' }]);
    const one = await call(agent, 'explain-denial', { url: 'https://a.example/' });
    expect(one.json.recent).toMatchObject([{ host: 'a.example', reason: 'host-unlisted', status: 403 }]);
  });

  it('leave a message without waiting, and the same one again once it was read', async () => {
    const agent = await agentOf();
    const { json } = await call(agent, 'notify', { message: 'The tests are green.' });
    expect(json).toMatchObject({ status: 'left', watched: false });
    const proposal = await requireProposal(BOTTLE, String(json.id));
    expect((await call(agent, 'notify', { message: 'The tests are green.' })).json.id).toBe(json.id);
    await decide(proposal, { state: 'seen' });
    expect((await call(agent, 'notify', { message: 'The tests are green.' })).json.id).not.toBe(json.id);
  });

  it('know no proposal that was never made', async () => {
    const agent = await agentOf();
    expect((await call(agent, 'check', { id: 'p-000000' })).isError).toBe(true);
    expect((await call(agent, 'check', { id: '../../etc/passwd' })).isError).toBe(true);
  });

  it('keep what the agent wrote as it was given', async () => {
    const agent = await agentOf({ timings: { answerMs: 0, unwatchedMs: 0 } });
    const question = 'A\u202eB\u001b]8;;http://evil.test\u0007C\ud800 ünï';
    const { json } = await call(agent, 'ask', { question });
    const { request } = await requireProposal(BOTTLE, String(json.id));
    expect(request).toEqual({ kind: 'ask', question });
  });
});

describe('a bottle without a person (BOT_BOTTLE_SUPERVISE=deny)', () => {
  useTemporaryHome();

  it.each([
    ['allow', { host: 'pypi.org', reason: 'To install.' }],
    ['git-allow', { finding: 'f-0123456789ab', reason: 'An example.' }],
    ['capability', { dockerfile: 'RUN true', reason: 'For a test.' }],
    ['ask', { question: 'Which?' }],
    ['notify', { message: 'Done.' }],
  ])('answers %s at once with a refusal, and leaves nothing for anybody', async (name, input) => {
    const scene = await makeScene({ deniesAll: true });
    const agent = await scene.connectAgent();
    const { json, isError } = await call(agent, name, input, { timeout: 2000 });
    expect(isError).toBe(false);
    expect(json).toMatchObject({ status: 'rejected', message: expect.stringMatching(/without a person/) });
    expect(await scene.files()).toEqual([]);
    await scene.close();
  });
});
