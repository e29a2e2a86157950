import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withExtraCa } from '../../../lib/docker/build-context.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
let context: string;

beforeEach(() => {
  context = mkdtempSync(join(tmpdir(), 'context-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\n');
  writeFileSync(join(context, 'roots.crt'), PEM);
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) vi.stubEnv(name, '');
});
afterEach(() => rmSync(context, { recursive: true, force: true }));

it('withExtraCa adds the host’s extra roots to a copy and leaves the original unchanged', async () => {
  vi.stubEnv('NODE_EXTRA_CA_CERTS', join(context, 'roots.crt'));
  const seen = await withExtraCa(context, async (copy) => ({
    copy,
    roots: readFileSync(join(copy, 'extra-ca.pem'), 'utf8'),
    dockerfile: readFileSync(join(copy, 'Dockerfile'), 'utf8'),
  }));
  expect(seen).toMatchObject({ roots: PEM, dockerfile: 'FROM scratch\n' });
  expect(existsSync(join(context, 'extra-ca.pem'))).toBe(false);
  expect(existsSync(seen.copy)).toBe(false);
});

it('withExtraCa leaves out what no image can have: pipes and sockets', async () => {
  execFileSync('mkfifo', [join(context, 'pipe')]);
  mkdirSync(join(context, 'below'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(context, 'below', 'socket'), resolve));
  symlinkSync('pipe', join(context, 'link'));
  const copied = await withExtraCa(context, async (copy) => readdirSync(copy, { recursive: true }));
  server.close();
  expect(copied.map(String).toSorted()).toEqual(['Dockerfile', 'below', 'extra-ca.pem', 'link', 'roots.crt']);
});

it('withExtraCa adds an empty file without extra roots, and removes the copy after a failure', async () => {
  let copied = '';
  const failing = withExtraCa(context, async (copy) => {
    copied = copy;
    expect(readFileSync(join(copy, 'extra-ca.pem'), 'utf8')).toBe('');
    throw new Error('the build failed');
  });
  await expect(failing).rejects.toThrow('the build failed');
  expect(existsSync(copied)).toBe(false);
});
