import { describe, expect, it } from 'vitest';
import { knownSecretFinder } from '../../../../lib/daemons/egress/dlp/known-secrets.ts';
import { PacedScanner } from '../../../../lib/daemons/egress/dlp/paced-scanner.ts';
import type { ScanOptions } from '../../../../lib/daemons/egress/dlp/scan-text.ts';
import { ScanThread } from '../../../../lib/daemons/egress/scan-thread.ts';

const SECRET = 'tok-3c1f0a97d24b11e89f5d0242ac120002';
const here: ScanOptions = {
  detectors: new Set(['token_patterns', 'known_secrets']),
  findKnown: knownSecretFinder([SECRET]),
};
const beside: ScanOptions = { ...here, thread: new ScanThread([SECRET]) };

/** Kinds of what a scanner finds in the text, given to it in chunks of this size. */
async function typesIn(options: ScanOptions, text: string, chunkSize: number): Promise<string[]> {
  const scanner = new PacedScanner(options);
  const bytes = Buffer.from(text);
  const findings = [];
  for (let start = 0; start < bytes.length; start += chunkSize) {
    findings.push(...(await scanner.push(bytes.subarray(start, start + chunkSize))));
  }
  findings.push(...(await scanner.end()));
  scanner.close();
  return [...new Set(findings.map(({ type }) => type))];
}

const prose = 'all work and no play makes a dull body. '.repeat(8_000);

describe('a body scanned in the other thread', () => {
  it('gives away what it would here, wherever the borders of its chunks are', async () => {
    for (const at of [0, 65_536 - 10, 65_536 * 2 - SECRET.length, 200_000, prose.length]) {
      const text = `${prose.slice(0, at)} ${SECRET} ${prose.slice(at)}`;
      for (const size of [1_000, 16_384, 65_536, 1_000_000]) {
        expect(await typesIn(here, text, size), `${at} ${size}`).toEqual(['known-secret']);
        expect(await typesIn(beside, text, size), `${at} ${size}`).toEqual(['known-secret']);
      }
    }
    expect(await typesIn(beside, prose, 16_384)).toEqual([]);
  });

  it('does not meet other bodies that are scanned at the same time', async () => {
    const clean = Array.from({ length: 6 }, () => typesIn(beside, prose, 16_384));
    const dirty = Array.from({ length: 6 }, () => typesIn(beside, `${prose}${SECRET}`, 16_384));
    expect(await Promise.all(clean)).toEqual(Array.from({ length: 6 }, () => []));
    expect(await Promise.all(dirty)).toEqual(Array.from({ length: 6 }, () => ['known-secret']));
  });

  it('lets the loop turn meanwhile', async () => {
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await typesIn(beside, prose, 65_536);
    clearImmediate(next);
    expect(turns).toBeGreaterThan(10);
  });
});
