import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BodyScanner, knownSecretFinder, scanText } from '../../../../lib/daemons/detection/index.ts';
import { base32 } from '../../../support/base32.ts';

const OPTIONS = {
  detectors: new Set(['token_patterns', 'known_secrets'] as const),
  exhaustive: true,
  findKnown: knownSecretFinder([]),
};
const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const typesOf = (text: string) => [...new Set(scanText(text, OPTIONS).map(({ type }) => type))];
const typesInBody = (text: string) => {
  const scanner = new BodyScanner(OPTIONS);
  return [...new Set([...scanner.push(Buffer.from(text)), ...scanner.end()].map(({ type }) => type))];
};

/** Words of lower-case letters, as minifiers and word lists have them; the same for each run. */
function words(count: number): string {
  let state = 12_345;
  const next = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const letter = () => 'abcdefghijklmnopqrstuvwxyz234567'[next(32)];
  const word = () => Array.from({ length: 16 + next(24) }, letter).join('');
  return Array.from({ length: count }, word).join('=0,');
}

describe('code that holds no secret', () => {
  it('the letters of a key in the middle of base64 are no key', () => {
    const program = `const wasm="${'A'.repeat(200)}ABIAAAEEDQCABBAEEBEM${'Bq7'.repeat(60)}";`;
    expect(typesOf(program)).toEqual([]);
  });

  it.each([
    `"${KEY}"`,
    `xx${KEY}"`,
    `"${KEY}xx`,
    `${'ab/c'.repeat(30)}${KEY} `,
    ` ${KEY}${'ab/c'.repeat(30)}`,
  ])('a key with a border is still one: %s', (text) => expect(typesOf(text)).toEqual(['aws-access-key']));

  it('300 kB of words that could be base32 are not too large to be looked into', () => {
    expect(typesInBody(words(10_000))).toEqual([]);
    expect(typesOf(words(10_000))).toEqual([]);
  });

  it('a key that is compressed in base32 is found among such words', () => {
    const packed = base32(deflateSync(`the key is ${KEY}`));
    expect(typesOf(`${words(1000)}=0,${packed}`)).toEqual(['aws-access-key']);
  });

  it('any compression of a key in base32 is found', () => {
    for (const level of [0, 1, 6, 9]) {
      for (const noise of [0, 40, 4000]) {
        const text = `${randomBytes(noise).toString('hex')} ${KEY} ${words(noise / 40)}`;
        expect(typesOf(base32(deflateSync(text, { level }))), `${level} ${noise}`).toContain(
          'aws-access-key',
        );
      }
    }
  });

  it.each([
    'It starts with -----BEGIN RSA PRIVATE KEY----- and is secret.',
    'const start = "-----BEGIN PRIVATE KEY-----\\n";',
    'if (text.includes("-----BEGIN PRIVATE KEY-----") && text.includes("-----END PRIVATE KEY-----")) {',
    '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----',
  ])('the header of a key is no key: %j', (text) => expect(typesOf(text)).toEqual([]));

  it.each([
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAbc',
    '"-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIB',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA',
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n',
  ])('what follows the header of a key is one: %j', (text) => expect(typesOf(text)).toEqual(['private-key']));

  it('an alphabet that an encoding hid is no key', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    expect(typesOf(Buffer.from(`var a = "${alphabet}";`).toString('base64'))).toEqual([]);
  });
});
