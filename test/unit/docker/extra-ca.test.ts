import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extraCaFile } from '../../../lib/docker/extra-ca.ts';

const directory = mkdtempSync(join(tmpdir(), 'extra-ca-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
const pem = file('ca.pem', '# ours\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
const other = file('other.pem', '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n');

describe('extraCaFile', () => {
  it('extraCaFile returns undefined when the variables are unset or empty', async () => {
    expect(await extraCaFile({})).toBeUndefined();
    expect(await extraCaFile({ NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '' })).toBeUndefined();
  });

  it('extraCaFile prefers NODE_EXTRA_CA_CERTS to SSL_CERT_FILE', async () => {
    expect(await extraCaFile({ NODE_EXTRA_CA_CERTS: pem, SSL_CERT_FILE: other })).toBe(pem);
    expect(await extraCaFile({ SSL_CERT_FILE: other })).toBe(other);
  });

  it('extraCaFile names the variable and the path of a missing file', async () => {
    const missing = join(directory, 'missing.pem');
    await expect(extraCaFile({ SSL_CERT_FILE: missing })).rejects.toThrow(
      `SSL_CERT_FILE names ${missing}, which cannot be read`,
    );
  });

  it('extraCaFile refuses a file with a key but no certificate', async () => {
    const key = file('key.pem', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n');
    await expect(extraCaFile({ NODE_EXTRA_CA_CERTS: key })).rejects.toThrow(/contains no PEM certificate/);
  });
});
