import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { saveTranscript } from '../../../../lib/commands/transcript/save-transcript.ts';
import { shownEvent } from '../../../../lib/commands/transcript/shown-event.ts';
import { AUDITS } from '../../../../lib/daemons/contract/audit-files.ts';
import { auditedRequest } from '../../../support/egress/audit-entry.ts';
import { inState, LocalGuest, SLUG } from '../../../support/local-guest.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const SCRIPT = join(import.meta.dirname, '../../../../scripts/transcript.ts');
const FOLDER = '.claude/projects/-work';
const OWN = 'a value that was forwarded';
const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

const home = useTemporaryHome();
let guest: LocalGuest;

beforeEach(async () => {
  guest = new LocalGuest(home.path);
  await guest.start('claude', { S: 'SECRET' });
});

const start = (...args: string[]) =>
  execa('node', [SCRIPT, '--bottle', SLUG, ...args], {
    reject: false,
    env: { SECRET: OWN, NO_COLOR: '1', DOCKER_HOST: `unix://${home.path}/none.sock` },
  });
const transcript = async (...args: string[]) => start(...args);

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.500Z`;
const line = (second: number, type: string, content: unknown) =>
  `${JSON.stringify({ type, timestamp: at(second), message: { role: type, content } })}\n`;

const SESSION = [
  line(1, 'user', `Use ${OWN}.\nAnd\u001b]0;pwned\u0007 \u202estop.`),
  '{"type":"file-history-snapshot"}\n',
  line(2, 'assistant', [
    { type: 'tool_use', id: 'c1', name: 'Bash', input: { command: `curl -H ${TOKEN} http://a.example` } },
  ]),
  'no JSON\n',
  line(4, 'user', [{ type: 'tool_result', tool_use_id: 'c1', is_error: true, content: 'x\n'.repeat(20) }]),
  line(6, 'assistant', [{ type: 'text', text: 'Refused.' }]),
  '{"type":"assistant","mess',
].join('');

async function writeAudit(): Promise<void> {
  const refused = (second: number, path: string) =>
    auditedRequest({ time: at(second), verdict: 'deny', reason: 'host-unlisted', status: 403, path });
  const push = {
    ...{
      time: at(5),
      bottle: SLUG,
      event: 'push',
      repo: 'kit',
      verdict: 'deny',
      reason: 'no push',
      commits: 1,
    },
    ...{ refs: [], more_refs: 0, checks: [], sent: 1, received: 1, ms: 1 },
  };
  const lines = (entries: object[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const egress = [
    refused(0, '/before'),
    auditedRequest({ time: at(3) }),
    refused(3, '/x'),
    refused(59, '/later'),
  ];
  await mkdir(inState('audit'), { recursive: true });
  await writeFile(inState('audit', AUDITS.egress.nameOf(1)), lines(egress));
  await writeFile(inState('audit', AUDITS['git-gate'].nameOf(1)), lines([push]));
}

describe('the transcript of a kept bottle', () => {
  beforeEach(async () => {
    await guest.write(`${FOLDER}/one.jsonl`, SESSION);
    await guest.write(`${FOLDER}/older.jsonl`, line(1, 'user', 'Another time.'), 100);
    await saveTranscript(SLUG, () => {});
    await guest.is('stopped');
    await writeAudit();
  });

  it('tells who said and did what, with what was refused in between, inert and masked', async () => {
    const { exitCode, stdout, stderr } = await transcript();
    expect(exitCode, stderr).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '2026-01-01T00:00:01Z  user    Use REDACTED-known-secret.',
      `${' '.repeat(30)}And^[]0;pwned^G <U+202E>stop.`,
      expect.stringMatching(
        /^2026-01-01T00:00:02Z {2}calls {3}Bash curl -H REDACTED-\S+ http:\/\/a.example$/,
      ),
      '2026-01-01T00:00:03Z  denied  GET a.example/x (host-unlisted)',
      '2026-01-01T00:00:04Z  failed  x',
      ...Array.from({ length: 5 }, () => `${' '.repeat(30)}x`),
      `${' '.repeat(30)}… 14 more lines`,
      '2026-01-01T00:00:05Z  denied  git push kit (1 commit) (no push)',
      '2026-01-01T00:00:06Z  agent   Refused.',
      '2026-01-01T00:00:59Z  denied  GET a.example/later (host-unlisted)',
    ]);
    expect(stderr).toBe('1 lines of the transcript could not be read and were skipped');
  });

  it('as JSON, every event is whole, of the documented shape, in ASCII and masked', async () => {
    const { stdout } = await transcript('--json');
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
    const events = stdout.split('\n').map((text) => shownEvent.parse(JSON.parse(text)));
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['message', 'call', 'denial', 'result', 'denial', 'message', 'denial'],
    ]);
    expect(events[1]).toMatchObject({ session: 'one', subagent: null, tool: 'Bash', id: 'c1', time: at(2) });
    expect(events[3]).toMatchObject({ text: 'x\n'.repeat(20), failed: true });
    expect(stdout).not.toMatch(/forwarded|ghp_/);
  });

  it('the agent’s own lines are masked too', async () => {
    const { stdout } = await transcript('--raw');
    const lines = stdout.split('\n').map((text) => JSON.parse(text));
    expect([lines.length, lines[1], lines[3]]).toEqual([7, { type: 'file-history-snapshot' }, 'no JSON']);
    expect(stdout).not.toMatch(/forwarded|ghp_/);
  });

  it('lists sessions, and takes one by the beginning of its id', async () => {
    const listed = JSON.parse((await transcript('--list', '--json')).stdout);
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(['one', 'older']);
    const { stdout } = await transcript('--session', 'old');
    expect(stdout.split('\n')).toEqual([
      expect.stringContaining('Another time.'),
      ...[/GET a.example\/x/, /git push/, /a.example\/later/].map((text) => expect.stringMatching(text)),
    ]);
    const wrong = await transcript('--session', 'x');
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('Sessions: one, older')]);
    const several = await transcript('--session', 'o');
    expect(several.stderr).toContain('several sessions begin with `o`');
  });
});

it('follows a session in the guest, until that ends', async () => {
  await guest.write(`${FOLDER}/one.jsonl`, line(1, 'user', 'Hello.'));
  const child = start('--follow');
  let printed = '';
  child.stdout?.on('data', (bytes) => {
    printed += String(bytes);
  });
  const shows = (text: string) => vi.waitFor(() => expect(printed).toContain(text), { timeout: 15_000 });
  await shows('Hello.');
  await appendFile(join(guest.home, FOLDER, 'one.jsonl'), `${line(2, 'assistant', 'Half')}`.slice(0, 30));
  await appendFile(join(guest.home, FOLDER, 'one.jsonl'), `${line(2, 'assistant', 'Half')}`.slice(30));
  await shows('Half');
  await writeAudit();
  await shows('/later');
  await guest.plant('head', 'exit 1');
  const { exitCode, stderr } = await child;
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('the guest has ended; what it left')]);
}, 30_000);

it('says why there is nothing to show', async () => {
  const none = await transcript();
  expect([none.exitCode, none.stderr]).toEqual([69, expect.stringContaining(`${SLUG} has no transcript`)]);
  await guest.start('command');
  const without = await transcript();
  expect([without.exitCode, without.stderr]).toEqual([2, expect.stringContaining('keeps no transcripts')]);
});
