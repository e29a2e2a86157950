import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuditEntry,
  type AuditLevel,
  auditEntry,
  auditLine,
} from '../../../../../lib/daemons/contract/egress/audit.ts';
import { knownSecretFinder } from '../../../../../lib/daemons/detection/rules/known-secrets.ts';
import type { Subject } from '../../../../../lib/daemons/egress/audit/account.ts';
import { AuditLog, lineOf } from '../../../../../lib/daemons/egress/audit/audit-log.ts';
import { Withholder } from '../../../../../lib/daemons/egress/audit/withhold.ts';
import { deny } from '../../../../../lib/daemons/egress/policy/verdict.ts';

const SECRET = 'tok-3c1f0a97d2b84';

function auditAt(level: AuditLevel) {
  const lines: string[] = [];
  const learned: AuditEntry[] = [];
  const log = new AuditLog({
    bottle: null,
    generation: () => 7,
    level: () => level,
    withholder: new Withholder(knownSecretFinder([SECRET])),
    write: (line) => lines.push(line),
    learn: (entry) => learned.push(entry),
  });
  return { log, lines, learned };
}

const subject = (changes: Partial<Subject> = {}): Subject => ({
  protocol: 'h2',
  scheme: 'https',
  method: 'GET',
  host: 'a.example',
  port: 443,
  target: '/x',
  rawHeaders: ['user-agent', 'curl'],
  ...changes,
});

const refusal = deny('host-unlisted', 'a.example', 'No.', 'Ask.');

/** Audit entries at this level for a refused, a failed and a successful exchange. */
function linesAt(level: AuditLevel): AuditEntry[] {
  const { log, lines } = auditAt(level);
  const refused = log.open(subject());
  refused.refuse(refusal);
  refused.respond(403, { code: 'host-unlisted' });
  const failed = log.open(subject());
  failed.respond(502, { code: 'upstream-failed' });
  const fine = log.open(subject());
  fine.respond(200);
  for (const account of [refused, failed, fine]) account.close();
  return lines.map((line) => auditEntry.parse(JSON.parse(line)));
}

describe('audit levels', () => {
  it.each([
    [0, ['deny']],
    [1, ['deny', 'fail']],
    [2, ['deny', 'fail', 'allow']],
  ] as const)('audit level %i writes the verdicts %j', (level, verdicts) =>
    expect(linesAt(level).map(({ verdict }) => verdict)).toEqual(verdicts),
  );

  it('audit levels below 2 show no headers', () => {
    expect(linesAt(1).every((entry) => entry.headers === undefined)).toBe(true);
    expect(linesAt(2)[0]?.headers).toEqual({ request: { 'user-agent': 'curl' }, response: {} });
    const response = { 'set-cookie': ['a=1', 'b=2'], vary: ['accept', 'origin'], server: 'x' };
    const { log, lines } = auditAt(2);
    const account = log.open(subject());
    account.respond(200, { headers: response });
    account.close();
    expect(JSON.parse(lines[0] ?? '').headers.response).toEqual({ vary: 'accept,origin', server: 'x' });
  });
});

describe('audit lines', () => {
  const lineFor = (changes: Partial<Subject>): string => {
    const { log, lines } = auditAt(2);
    const account = log.open(subject(changes));
    account.refuse(refusal);
    account.close();
    account.close();
    expect(lines).toHaveLength(1);
    return lines[0] ?? '';
  };
  const NASTY = '\n{"verdict":"allow"}\r\u2028\u009b2J\u001b[2J\u202e\u0000\ud800';

  it.each([
    ['path', { target: `/${NASTY.repeat(500)}` }],
    ['absolute URL', { target: `http://user:pass@h${NASTY}/p` }],
    ['method', { method: NASTY }],
    ['host', { host: NASTY.repeat(100) }],
    ['header', { rawHeaders: ['user-agent', NASTY.repeat(1000), NASTY, NASTY] }],
  ])('an audit entry is one line of ASCII of bounded length, whatever the %s', (_what, changes) => {
    const line = lineFor(changes);
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(line.length).toBeLessThan(20_000);
    expect(auditLine.parse(JSON.parse(line))).toMatchObject({ verdict: 'deny', generation: 7 });
    expect(line).not.toContain('pass@');
  });

  it.each([
    ['/a/b?c=d', '/a/b'],
    ['http://user:pass@host/a?b', '/a'],
    ['http://host', '/'],
    ['https://host?x', '/'],
    ['/a#b', '/a'],
    ['/%7euser/%2fx', '/%7euser/%2fx'],
    ['/%7euser/%c3%a9', '/~user/%C3%A9'],
    ['', '/'],
    [`/x?key=${SECRET}`, '[withheld]'],
    [`/${Buffer.from(SECRET).toString('base64')}`, '[withheld]'],
  ])('for the target %j, the audit shows the path %j', (target, path) =>
    expect(JSON.parse(lineFor({ target })).path).toBe(path),
  );

  it.each([
    [`${SECRET}.evil.example`, '[withheld].evil.example'],
    [`${SECRET}.example`, '[withheld]'],
    ['cdn-4.assets.example', 'cdn-4.assets.example'],
  ])('for the host %j, the audit shows %j', (host, shown) =>
    expect(JSON.parse(lineFor({ host })).host).toBe(shown),
  );

  it('an audit line is valid for any text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3000 });
    fc.assert(
      fc.property(text, text, text, text, (target, method, host, header) => {
        const line = lineFor({ target, method, host, rawHeaders: ['accept', header, header, host] });
        expect(line).toMatch(/^[\x20-\x7e]+$/);
        auditEntry.parse(JSON.parse(line));
      }),
      { numRuns: 50 },
    );
  });

  it('an audit line can stand for lost lines', () => {
    const gap = lineOf({ time: '2026-01-01T00:00:00.000Z', bottle: null, lost: 3 });
    expect(auditLine.parse(JSON.parse(gap))).toMatchObject({ lost: 3 });
  });
});

describe('exchange outcomes', () => {
  const outcomeOf = (play: (account: ReturnType<AuditLog['open']>) => void) => {
    const { log, lines, learned } = auditAt(2);
    const account = log.open(subject());
    play(account);
    account.close();
    const { verdict, reason, status } = auditEntry.parse(JSON.parse(lines[0] ?? ''));
    return { verdict, reason, status, learned: learned.length };
  };

  it.each([
    [
      'after the agent is gone',
      () => {},
      { verdict: 'fail', reason: 'client-gone', status: 499, learned: 1 },
    ],
    ['well', (account) => account.respond(204), { verdict: 'allow', reason: null, status: 204, learned: 0 }],
    [
      'halfway, for the first reason',
      (account) => {
        account.respond(200);
        account.breakOff('injection-found');
        account.breakOff('client-gone');
      },
      { verdict: 'deny', reason: 'injection-found', status: 200, learned: 1 },
    ],
    [
      'refused, even if the guest does not wait for the answer',
      (account) => {
        account.refuse(refusal);
        account.respond(403, { code: 'host-unlisted' });
        account.breakOff('client-gone');
      },
      { verdict: 'deny', reason: 'host-unlisted', status: 403, learned: 1 },
    ],
  ] as [string, Parameters<typeof outcomeOf>[0], object][])(
    'the audit records how an exchange ended: %s',
    (_how, play, outcome) => expect(outcomeOf(play)).toEqual(outcome),
  );
});
