import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import { parseAuthorityPem } from '../../../lib/daemons/egress/tls/authority-file.ts';
import { leafIssuer } from '../../../lib/daemons/egress/tls/leaf-issuer.ts';
import { onPath } from '../../../lib/docker/debian-host.ts';

const HOST = 'a.example';
/** Go compiles the standard library first. */
const COMPILE_MS = 120_000;

let directory = '';
let server: Server;
let port = 0;
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'verifiers-'));
  for (const name of ['ours', 'other']) {
    const ca = await mintBottleCa(`demo-${name}`);
    await writeFile(file(`${name}.pem`), ca.certificatePem);
    if (name !== 'ours') continue;
    const leaf = await leafIssuer(parseAuthorityPem(ca.certificatePem + ca.privateKeyPem))(HOST);
    await writeFile(file('leaf.pem'), leaf.cert);
    server = createServer({ key: leaf.key, cert: leaf.cert }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok');
    });
  }
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true, force: true });
});

/** Exit code 0 means that the verifier accepted the leaf with that CA as its only root. */
const VERIFIERS: Readonly<Record<string, (ca: string) => Promise<number | undefined>>> = {
  openssl: async (ca) => {
    const args = ['verify', '-x509_strict', '-verify_hostname', HOST, '-CAfile', file(ca), file('leaf.pem')];
    return (await execa('openssl', args, { reject: false })).exitCode;
  },
  curl: async (ca) => {
    const to = `${HOST}:${port}:127.0.0.1`;
    const args = [
      '--noproxy',
      '*',
      '--silent',
      '--cacert',
      file(ca),
      '--resolve',
      to,
      `https://${HOST}:${port}/`,
    ];
    return (await execa('curl', args, { reject: false })).exitCode;
  },
  python3: async (ca) => {
    const program = `import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(('127.0.0.1', int(sys.argv[2]))) as plain:
    context.wrap_socket(plain, server_hostname='${HOST}').close()
`;
    const run = await execa('python3', ['-c', program, file(ca), String(port)], { reject: false });
    return run.exitCode;
  },
  keytool: async (ca) => {
    const store = ['-keystore', file(`${ca}.p12`), '-storepass', 'changeit'];
    await execa('keytool', ['-importcert', '-noprompt', '-alias', 'ca', '-file', file(ca), ...store]);
    // Without a chain to the CA, keytool asks whether to trust the leaf; empty input declines.
    const leaf = ['-importcert', '-alias', 'leaf', '-file', file('leaf.pem'), ...store];
    const { stdout, stderr } = await execa('keytool', leaf, { reject: false, input: '' });
    return (stdout + stderr).includes('was added to keystore') ? 0 : 1;
  },
  go: async (ca) => {
    const program = `package main

import ("crypto/x509"; "encoding/pem"; "os")

func main() {
	roots := x509.NewCertPool()
	ca, _ := os.ReadFile(os.Args[1])
	if !roots.AppendCertsFromPEM(ca) { os.Exit(2) }
	text, _ := os.ReadFile(os.Args[2])
	block, _ := pem.Decode(text)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil { os.Exit(3) }
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "${HOST}"}); err != nil { os.Exit(1) }
}
`;
    await writeFile(file('verify.go'), program);
    const env = { GO111MODULE: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '' };
    const args = ['run', file('verify.go'), file(ca), file('leaf.pem')];
    return (await execa('go', args, { reject: false, env })).exitCode;
  },
};

it('Node accepts a leaf of the bottle’s CA, but not with another CA as root', async () => {
  const shake = async (name: string) => {
    const socket = connect({ host: '127.0.0.1', port, servername: HOST, ca: await readFile(file(name)) });
    return once(socket, 'secureConnect').then(
      () => 'accepted',
      (error: NodeJS.ErrnoException) => error.code,
    );
  };
  expect([await shake('ours.pem'), await shake('other.pem')]).toEqual([
    'accepted',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ]);
});

for (const [program, accepts] of Object.entries(VERIFIERS)) {
  const isInstalled = await onPath(program);
  const title = `${program} accepts a leaf of the bottle’s CA, but not with another CA as root`;
  it.skipIf(!isInstalled)(
    isInstalled ? title : `${title} (skipped: not installed)`,
    async () => {
      expect(await accepts('ours.pem')).toBe(0);
      expect(await accepts('other.pem')).not.toBe(0);
    },
    COMPILE_MS,
  );
}
