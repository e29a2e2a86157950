import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDITS, SUPERVISE_AUDIT } from '../../../../lib/daemons/contract/audit-files.ts';
import { asciiJson } from '../../../../lib/host/ascii-json.ts';
import { auditedRequest } from '../../../support/egress/audit-entry.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', '..', '..', 'scripts', 'logs.ts');
const SLUG = 'demo-a1b2c';
let home = '';

const REFUSED = auditedRequest({
  time: '2026-01-01T00:00:01.000Z',
  verdict: 'deny',
  reason: 'secret-found',
  secrets: ['github-token'],
  status: 403,
  path: '[withheld]',
});

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'logs-'));
  const state = join(home, 'state', SLUG);
  await mkdir(join(state, 'audit'), { recursive: true });
  await writeFile(
    join(state, 'metadata.json'),
    JSON.stringify({ identity: SLUG, agent_name: 'demo', started_at: '2026-01-01T00:00:00.000Z' }),
  );
});
afterEach(() => rm(home, { recursive: true, force: true }));

const write = (...lines: string[]) =>
  writeFile(
    join(home, 'state', SLUG, 'audit', AUDITS.egress.nameOf(1)),
    lines.map((line) => `${line}\n`).join(''),
  );

/** Runs logs.ts without an engine, so that the bottle counts as ended. */
const logs = (...args: string[]) =>
  execa('node', [SCRIPT, '--bottle', SLUG, ...args], {
    reject: false,
    env: { BOT_BOTTLE_HOME: home, DOCKER_HOST: `unix://${home}/none.sock`, NO_COLOR: '1' },
  });

describe('the log of a bottle that has ended', () => {
  it('fetches and pushes are shown in between, in the order of time', async () => {
    const common = { bottle: SLUG, repo: 'kit', more_refs: 0, sent: 310, received: 40, ms: 250 };
    const [old, id] = ['1'.repeat(40), '2'.repeat(40)];
    const push = { ...common, event: 'push', reason: null, commits: 2 };
    const agent = { ref: 'refs/heads/agent/a', old, new: id };
    const secret = { check: 'secret', faults: ['GitHub token in a.txt, line 1, commit 2222222'] };
    const git = [
      {
        ...{ ...common, time: '2026-01-01T00:00:00.500Z', event: 'fetch', verdict: 'allow', reason: null },
        ...{ refs: [{ ref: 'refs/heads/main', old: null, new: id, taken: null }], commits: null, checks: [] },
      },
      {
        ...{ ...push, time: '2026-01-01T00:00:02.000Z', verdict: 'deny', checks: [secret] },
        refs: [
          { ...agent, taken: null },
          { ref: 'refs/tags/v1', old: null, new: id, taken: null },
        ],
      },
      {
        ...{
          ...push,
          time: '2026-01-01T00:00:03.000Z',
          verdict: 'fail',
          checks: [{ ...secret, faults: [] }],
        },
        refs: [{ ...agent, new: null, taken: false, said: 'hook declined' }],
      },
    ];
    const lines = (entries: object[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const audit = join(home, 'state', SLUG, 'audit');
    await writeFile(join(audit, AUDITS.egress.nameOf(1)), lines([auditedRequest(), REFUSED]));
    await writeFile(join(audit, AUDITS['git-gate'].nameOf(1)), lines(git));
    const { stdout, stderr } = await logs();
    expect(stdout.split('\n').slice(1), stderr).toEqual([
      '2026-01-01T00:00:00Z  allow   200    34ms      0B     12B  GET      a.example/x',
      '2026-01-01T00:00:00Z  allow   git   250ms    310B     40B  fetch    kit main',
      '2026-01-01T00:00:01Z  deny    403    34ms      0B     12B  GET      a.example/[withheld]  (secret-found: github-token)',
      '2026-01-01T00:00:02Z  deny    git   250ms    310B     40B  push     kit agent/a 1111111..2222222, tags/v1 new 2222222 (2 commits)  (secret: GitHub token in a.txt, line 1, commit 2222222)',
      '2026-01-01T00:00:03Z  fail    git   250ms    310B     40B  push     kit agent/a deleted (2 commits)  (hook declined)',
    ]);
    expect((await logs('--denied')).stdout.split('\n')).toHaveLength(3);
    expect((await logs('--json')).stdout.split('\n')[1]).toBe(JSON.stringify(git[0]));
  });

  it('what the agent asked for and a person decided is shown in between, of this bottle alone', async () => {
    const about = {
      ...{ bottle: SLUG, id: 'p-0r3k7m', count: 1 },
      request: { kind: 'allow', host: 'b.example', methods: ['GET'], reason: 'x' },
    };
    const asked = {
      ...{ ...about, time: '2026-01-01T00:00:00.500Z', event: 'proposed' },
      created: '2026-01-01T00:00:00.400Z',
    };
    const decided = { ...about, time: '2026-01-01T00:00:02.000Z', event: 'decided', by: 'ann', waited: 1600 };
    const approved = { ...decided, verdict: { state: 'approved', limit: { uses: 2 } } };
    const rejected = { ...decided, verdict: { state: 'rejected', reason: 'See https://a.test\u001b' } };
    const entries = [
      asked,
      { ...asked, bottle: 'other-x9y8z' },
      { ...approved, change: ['+ - host: b.example', '+   max_uses: 2'] },
      { ...rejected, change: [] },
      { ...decided, verdict: { state: 'failed', reason: 'It is not up.' }, change: [] },
    ];
    await write(JSON.stringify(auditedRequest()), JSON.stringify(REFUSED));
    await mkdir(join(home, 'audit'));
    const text = entries.map((entry) => `${asciiJson(entry)}\n`).join('');
    await writeFile(join(home, 'audit', SUPERVISE_AUDIT.nameOf(1)), text);
    const { stdout, stderr } = await logs();
    expect(stdout.split('\n').slice(1), stderr).toEqual([
      '2026-01-01T00:00:00Z  allow   200    34ms      0B     12B  GET      a.example/x',
      '2026-01-01T00:00:00Z  asked   ask       -       -       -  allow    p-0r3k7m GET b.example',
      '2026-01-01T00:00:01Z  deny    403    34ms      0B     12B  GET      a.example/[withheld]  (secret-found: github-token)',
      '2026-01-01T00:00:02Z  allow   ask  1600ms       -       -  allow    p-0r3k7m GET b.example  (approved by ann; 2 times; adds host: b.example, max_uses: 2)',
      '2026-01-01T00:00:02Z  deny    ask  1600ms       -       -  allow    p-0r3k7m GET b.example  (rejected by ann; See https[://]a.test^[)',
      '2026-01-01T00:00:02Z  fail    ask  1600ms       -       -  allow    p-0r3k7m GET b.example  (failed by ann; It is not up.)',
    ]);
    expect((await logs('--denied')).stdout.split('\n')).toHaveLength(3);
  });

  it('a request that was held shows how long, what became of it, and by which proposal', async () => {
    const held = { outcome: 'approved', proposal: 'p-0r3k7m', ms: 12_000 } as const;
    const letOut = auditedRequest({ secrets: ['github-token'], held });
    await write(
      asciiJson(letOut),
      asciiJson({ ...REFUSED, held: { ...held, outcome: 'full', proposal: null, ms: 0 } }),
    );
    const { stdout } = await logs();
    expect(stdout).toContain('(github-token; approved by p-0r3k7m after 12s)');
    expect(stdout).toContain('(secret-found: github-token; full)');
  });

  it('logs prints one aligned line per request, without the secrets that were found', async () => {
    await write(
      JSON.stringify(auditedRequest()),
      JSON.stringify(REFUSED),
      JSON.stringify({ time: REFUSED.time, bottle: SLUG, lost: 3 }),
    );
    const { stdout, stderr, exitCode } = await logs('--follow');
    expect(exitCode, stderr).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'TIME                  WHAT   CODE    TOOK    SENT     GOT  METHOD   TARGET',
      '2026-01-01T00:00:00Z  allow   200    34ms      0B     12B  GET      a.example/x',
      '2026-01-01T00:00:01Z  deny    403    34ms      0B     12B  GET      a.example/[withheld]  (secret-found: github-token)',
      '2026-01-01T00:00:01Z  3 lines were lost here',
    ]);
    expect(stderr).toContain('is not running');
  });

  it('logs --json prints the original lines, filtered by the other flags', async () => {
    await write(
      JSON.stringify(auditedRequest()),
      JSON.stringify(REFUSED),
      JSON.stringify(auditedRequest({ time: '2026-01-02T00:00:00.000Z' })),
    );
    const times = async (...args: string[]) =>
      (await logs('--json', ...args)).stdout.split('\n').map((line) => JSON.parse(line).time.slice(0, 19));
    expect(await times('--denied')).toEqual(['2026-01-01T00:00:01']);
    expect(await times('--since', '2026-01-01T00:00:01Z')).toEqual([
      '2026-01-01T00:00:01',
      '2026-01-02T00:00:00',
    ]);
    expect(await times('--lines', '1')).toEqual(['2026-01-02T00:00:00']);
  });

  it('logs prints no forged lines or control characters', async () => {
    const evil = JSON.stringify(auditedRequest({ path: '/\u001b]0;owned\u0007\u202e' }));
    await write(
      '{"verdict":"allow"}',
      '\u001b[2Jraw',
      JSON.stringify({ ...auditedRequest(), more: 1 }),
      evil.replaceAll('\u202e', '\\u202e'),
    );
    const { stdout, stderr } = await logs();
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stdout).toMatch(/a\.example\/·\]0;owned··$/);
    expect(stderr).toContain('3 lines could not be read');
  });

  it('logs explains an empty log', async () => {
    expect((await logs()).stderr).toContain('only refusals (egress.log: 0)');
    await write(JSON.stringify(auditedRequest()));
    expect(await logs('--denied')).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('no matching entries'),
    });
  });

  it('of a bottle that was removed, what it asked for is left', async () => {
    await rm(join(home, 'state', SLUG), { recursive: true });
    await mkdir(join(home, 'audit'));
    const about = {
      ...{ bottle: SLUG, id: 'p-0r3k7m', count: 1, time: '2026-01-01T00:00:01.000Z' },
      request: { kind: 'notify', message: 'Done.' },
    };
    const entries = [
      { ...about, event: 'proposed', created: about.time },
      { ...about, time: '2026-01-01T00:00:02.000Z', event: 'ended', waited: 1000 },
    ];
    const lines = entries.map((entry) => asciiJson(entry));
    await writeFile(join(home, 'audit', SUPERVISE_AUDIT.nameOf(1)), `${lines.join('\n')}\n`);
    const { stdout, stderr } = await logs('--follow');
    expect(stdout.split('\n').slice(1), stderr).toEqual([
      '2026-01-01T00:00:01Z  asked   ask       -       -       -  notify   p-0r3k7m Done.',
      '2026-01-01T00:00:02Z  fail    ask  1000ms       -       -  notify   p-0r3k7m Done.  (not decided before the bottle was removed)',
    ]);
    expect(stderr).toContain(`the bottle ${SLUG} was removed; only what it asked for is still on record`);
    expect((await logs('--json', '--since', '2026-01-01T00:00:02Z')).stdout).toBe(lines[1]);
  });

  it('logs fails for an unknown bottle and an invalid time', async () => {
    await rm(join(home, 'state', SLUG), { recursive: true });
    expect(await logs()).toMatchObject({
      exitCode: 69,
      stderr: expect.stringContaining(`no bottle is named ${SLUG}`),
    });
    expect(await logs('--since', 'soon')).toMatchObject({ exitCode: 2 });
  });
});
