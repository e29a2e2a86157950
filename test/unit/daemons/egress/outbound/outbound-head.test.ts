import { describe, expect, it } from 'vitest';
import { knownSecretFinder } from '../../../../../lib/daemons/detection/rules/known-secrets.ts';
import type { ScanOptions } from '../../../../../lib/daemons/detection/scan-text.ts';
import type { CredentialPlace } from '../../../../../lib/daemons/egress/http/credential.ts';
import { CleanTexts } from '../../../../../lib/daemons/egress/outbound/clean-texts.ts';
import { scanHead } from '../../../../../lib/daemons/egress/outbound/outbound-head.ts';

const SECRET = 'correct-horse-battery-staple-4711';
const GITHUB = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
const AWS = 'AKIAQ7XKPM2WZL9RTVBN';

const looking = (...detectors: ('known_secrets' | 'token_patterns')[]): ScanOptions => ({
  detectors: new Set(detectors),
  findKnown: knownSecretFinder([SECRET]),
});
const typesIn = (headers: readonly string[], options: ScanOptions, query = '') =>
  scanHead('/v1/items', query, headers, undefined, options).map(({ type }) => type);

describe('repeated heads', () => {
  it('scanHead reports a secret each time, however many clean heads came between', () => {
    const options = looking('known_secrets', 'token_patterns');
    const dirty = ['X-Note', SECRET];
    const clean = ['X-Note', 'nothing'];
    for (let time = 0; time < 5; time += 1) {
      expect(typesIn(clean, options)).toEqual([]);
      expect(typesIn(dirty, options)).toEqual(['known-secret']);
      expect(typesIn(clean, options, `?note=${SECRET}`)).toEqual(['known-secret']);
    }
  });

  it('scanHead scans the same head again for other detectors', () => {
    const [known, all] = [looking('known_secrets'), looking('known_secrets', 'token_patterns')];
    const headers = ['X-Token', GITHUB];
    expect(typesIn(headers, known)).toEqual([]);
    expect(typesIn(headers, known)).toEqual([]);
    expect(typesIn(headers, all)).not.toEqual([]);
  });

  it('scanHead notices a change of one character in any header', () => {
    const options = looking('token_patterns');
    const almost = AWS.slice(0, -1);
    expect(typesIn(['X-Note', almost, 'Accept', almost], options)).toEqual([]);
    expect(typesIn(['X-Note', AWS, 'Accept', almost], options)).toEqual(['aws-access-key']);
    expect(typesIn(['X-Note', almost, 'Accept', AWS], options)).toEqual(['aws-access-key']);
  });
});

describe('headers that egress replaces', () => {
  it('scanHead skips what the route’s credential replaces, and nothing else', () => {
    const options = looking('token_patterns');
    const types = (name: string, place: CredentialPlace | undefined) =>
      scanHead('/', '', [name, AWS], place, options).map(({ type }) => type);
    expect(types('X-Api-Key', { kind: 'header', name: 'x-api-key' })).toEqual([]);
    expect(types('Authorization', { kind: 'header', name: 'x-api-key' })).toEqual([]);
    expect(types('Authorization', { kind: 'query', name: 'key' })).toEqual([]);
    expect(types('X-Api-Key', { kind: 'header', name: 'authorization' })).toEqual(['aws-access-key']);
    expect(types('X-Api-Key', { kind: 'query', name: 'x-api-key' })).toEqual(['aws-access-key']);
    expect(types('X-Api-Key', undefined)).toEqual(['aws-access-key']);
    expect(types('Authorization', undefined)).toEqual(['aws-access-key']);
  });
});

describe('CleanTexts', () => {
  it('CleanTexts keeps the last 128 texts and no long ones', () => {
    const texts = new CleanTexts();
    const long = 'x'.repeat(5000);
    texts.add(long);
    expect(texts.has(long)).toBe(false);
    for (let index = 0; index < 10_000; index += 1) texts.add(`text ${index}`);
    const kept = Array.from({ length: 10_000 }, (_, index) => texts.has(`text ${index}`)).filter(Boolean);
    expect(kept.length).toBe(128);
    expect(texts.has('text 9999')).toBe(true);
  });
});
