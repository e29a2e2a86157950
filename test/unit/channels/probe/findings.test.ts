import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseOutcomes } from '../../../../lib/channels/probe/attempts.ts';
import { assessProbe, type GuestResult } from '../../../../lib/channels/probe/findings.ts';
import { daemonTargets, forbiddenAttempts, proxyTarget } from '../../../../lib/channels/probe/targets.ts';

const nonce = 'ab'.repeat(32);
const challenge = '00112233445566778899aabbccddeeff';
const listeners = [{ name: 'the host’s 127.0.0.1', host: '127.0.0.1', port: 4000 }];
const forbidden = [{ daemon: 'egress', host: '127.0.0.16', port: 40_000 }];
const facts = {
  ...{ proxyDaemon: 'egress' as const, otherDaemons: ['git-gate', 'git-http', 'supervise'] as const },
  ...{ listeners, bundleAddress: '192.168.5.2', forbidden },
};
const targets = [proxyTarget(facts, challenge), ...daemonTargets(facts), ...forbiddenAttempts(facts)];
const proof = createHmac('sha256', nonce).update(challenge).digest('hex');

function results(change: Record<string, { outcome: string; detail?: string }> = {}): GuestResult[] {
  return targets.map((target) => {
    const usual =
      target.try === 'selftest'
        ? { outcome: 'http 200', detail: JSON.stringify({ proof }) }
        : target.try === 'daemon'
          ? { outcome: 'http 404' }
          : { outcome: 'failed', detail: 'EACCES' };
    return { name: target.name, ...(change[target.name] ?? usual) };
  });
}

function wrong(guest: GuestResult[], connections = new Map<string, number>()): string[] {
  const findings = assessProbe({ targets, results: guest, connections, nonce, challenge });
  return findings.filter((finding) => !finding.ok).map((finding) => finding.name);
}

const SELFTEST = 'the selftest upstream through egress';

describe('assessProbe', () => {
  it('the probe passes when the selftest proves the nonce and all else fails', () => {
    expect(wrong(results())).toEqual([]);
  });

  it.each(targets.filter((target) => target.try !== 'selftest').map((target) => target.name))(
    'the probe fails when the guest reaches %s',
    (name) => {
      expect(wrong(results({ [name]: { outcome: 'connected' } }))).toEqual([name]);
    },
  );

  it.each(['the git gate', 'supervise'])('the probe fails when the guest does not reach %s', (name) => {
    expect(wrong(results({ [name]: { outcome: 'failed' } }))).toEqual([name]);
  });

  it('each daemon beside the proxy is tried past its published port, and without one nothing is', () => {
    const names = (otherDaemons: readonly ('git-gate' | 'git-http' | 'supervise')[]) =>
      [...daemonTargets({ ...facts, otherDaemons }), ...forbiddenAttempts({ ...facts, otherDaemons })]
        .map(({ name }) => name)
        .filter((name) => /git|supervise/.test(name));
    expect(names(['git-gate', 'git-http'])).toEqual([
      'the git gate',
      'git-gate past the bundle’s published ports',
      'git-http past the bundle’s published ports',
    ]);
    expect(names(['supervise'])).toEqual(['supervise', 'supervise past the bundle’s published ports']);
    expect(names([])).toEqual([]);
  });

  it('a connection counted by the host outweighs the guest’s report', () => {
    expect(wrong(results(), new Map([['the host’s 127.0.0.1', 1]]))).toEqual(['the host’s 127.0.0.1']);
  });

  it.each([
    ['a wrong proof', JSON.stringify({ proof: 'ff'.repeat(32) })],
    ['no proof', '{}'],
    ['invalid JSON', '<html>'],
  ])('the probe fails when the selftest responds with %s', (_what, detail) => {
    expect(wrong(results({ [SELFTEST]: { outcome: 'http 200', detail } }))).toEqual([SELFTEST]);
  });

  it('the probe fails when the selftest is refused', () => {
    expect(wrong(results({ [SELFTEST]: { outcome: 'http 403' } }))).toEqual([SELFTEST]);
  });

  it.each([
    ['http 403', []],
    ['http 200', ['a refusal by pipelock']],
    ['failed', ['a refusal by pipelock']],
  ])('with pipelock alone, the probe expects a refusal: %s', (outcome, findings) => {
    const refusal = proxyTarget({ ...facts, proxyDaemon: 'pipelock' }, challenge);
    const guest = [{ name: refusal.name, outcome }];
    const assessProbed = assessProbe({
      targets: [refusal],
      results: guest,
      connections: new Map(),
      nonce,
      challenge,
    });
    expect(assessProbed.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(findings);
  });

  it('a missing result counts as failed', () => {
    expect(wrong([])).toHaveLength(targets.length);
  });

  it('an unknown outcome counts as failed', () => {
    expect(wrong(results({ 'a public address': { outcome: 'maybe' } }))).toEqual(['a public address']);
  });
});

describe('parseOutcomes', () => {
  const names = [{ name: 'one' }, { name: 'two' }, { name: 'three' }];

  it('outcomes are matched to attempts by number, in any order', () => {
    expect(parseOutcomes('2 timeout\n0 failed: Permission denied\n1 connected\n', names)).toEqual([
      { name: 'three', outcome: 'timeout' },
      { name: 'one', outcome: 'failed', detail: 'Permission denied' },
      { name: 'two', outcome: 'connected' },
    ]);
  });

  it('anything but an outcome of an attempt is ignored, so that the attempt counts as not tried', () => {
    expect(parseOutcomes('7 timeout\n0 perfect\nfailed\n-1 failed\n', names)).toEqual([]);
  });
});
