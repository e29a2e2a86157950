import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, it } from 'vitest';
import { makeSshKeyPair } from '../../../lib/deploy-keys/openssh-key.ts';

const directory = mkdtempSync(join(tmpdir(), 'bk-ssh-key-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const hasKeygen = await execa('ssh-keygen', ['-?'], { reject: false }).then(({ code }) => code !== 'ENOENT');

function fileWith(privateKey: string): string {
  const file = join(directory, 'key');
  writeFileSync(file, privateKey, { mode: 0o600 });
  return file;
}

// Comments of each length, since padding depends on it.
it.skipIf(!hasKeygen).each([0, 1, 2, 3, 4, 5, 6, 7, 8, 60])(
  'ssh-keygen reads a private key with a comment of %i characters, and finds the same public key',
  async (length) => {
    const { privateKey, publicKey, fingerprint } = makeSshKeyPair('c'.repeat(length));
    const file = fileWith(privateKey);
    const [derived, listed] = await Promise.all([
      execa('ssh-keygen', ['-y', '-P', '', '-f', file]),
      execa('ssh-keygen', ['-l', '-f', file]),
    ]);
    expect(derived.stdout).toBe(`${publicKey} ${'c'.repeat(length)}`.trim());
    expect(listed.stdout.split(' ')[1]).toBe(fingerprint);
  },
);

it('every key is another one', () => {
  const keys = Array.from({ length: 5 }, () => makeSshKeyPair('x'));
  expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(5);
  expect(new Set(keys.map(({ privateKey }) => privateKey)).size).toBe(5);
});
