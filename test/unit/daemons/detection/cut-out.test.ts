import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutOut } from '../../../../lib/daemons/detection/cut-out.ts';
import { knownSecretFinder } from '../../../../lib/daemons/detection/rules/known-secrets.ts';
import { type ScanOptions, scanText } from '../../../../lib/daemons/detection/scan-text.ts';

const optionsFor = (secrets: readonly string[]): ScanOptions => ({
  detectors: new Set(['token_patterns', 'known_secrets']),
  findKnown: knownSecretFinder(secrets),
});
const LONG = 'zq7Kp2mW9xLr4TvB8nYc3HdF6sJg1Aeu5Qo';
const CUT = 'REDACTED-known-secret';

describe('cutOut', () => {
  it('cutOut removes all of a secret that starts with, contains or overlaps another', () => {
    const inside = LONG.slice(4, 20);
    for (const other of [LONG.slice(0, 12), inside, LONG.slice(-14), `${LONG.slice(-9)}and-more`]) {
      for (const secrets of [
        [other, LONG],
        [LONG, other],
      ])
        expect(cutOut(`a ${LONG} b ${other} c`, optionsFor(secrets))).toBe(`a ${CUT} b ${CUT} c`);
    }
    expect(cutOut(`a ${LONG}and-more c`, optionsFor([LONG, `${LONG.slice(-9)}and-more`]))).toBe(`a ${CUT} c`);
  });

  it('cutOut never removes only part of a secret', () => {
    const part = `x${LONG.slice(1)}`;
    expect(cutOut(part, optionsFor([LONG]))).toBe(part);
    expect(scanText(part, optionsFor([LONG])).map(({ inPlainSight }) => inPlainSight)).toEqual([false]);
  });

  it.each<[string, string]>([
    ['with headers', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n'],
    ['of PGP', 'Version: GnuPG v1.4 (Linux)\n\n'],
  ])('cutOut removes a private key to its end: %s', (_name, header) => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${header}${'MIIEow+/\n'.repeat(40)}-----END RSA PRIVATE KEY-----`;
    expect(cutOut(`a ${key} b`, optionsFor([]))).toBe('a REDACTED-private-key b');
    const escaped = key.replaceAll('\n', '%0A');
    expect(cutOut(`a=${escaped}&b`, optionsFor([]))).toBe('a=REDACTED-private-key&b');
  });

  it('cutOut removes every secret and keeps everything else', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9!$&'()*+,./:;=?@_~{}[\]|^"\\-]{8,60}$/);
    const rest = fc.stringMatching(/^[ é\n]{1,9}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(secret, { minLength: 1, maxLength: 3 }),
        fc.array(rest, { maxLength: 6 }),
        (secrets, between) => {
          const at = (index: number) => secrets[index % secrets.length] ?? '';
          const write = (what: (index: number) => string) =>
            between.map((text, index) => `${text}${what(index)}`).join('');
          expect(cutOut(write(at), optionsFor(secrets))).toBe(write(() => CUT));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

it('cutOut leaves a text with too many secrets unchanged, so that it is refused', () => {
  const keys = Array.from(
    { length: 20_000 },
    (_, index) => `AKIA${index.toString(32).toUpperCase().padStart(16, 'A')}`,
  );
  expect(cutOut(keys.join(' '), optionsFor([]))).toBe(keys.join(' '));
});
