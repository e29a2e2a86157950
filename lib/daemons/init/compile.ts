// Run when the image is built: starts each program once, so that Node leaves the code which it made of it in
// NODE_COMPILE_CACHE. The daemons then find it there at their start: egress takes 30 % less processor time until its port is open.
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { BasicConstraints, id_ce_basicConstraints } from '@peculiar/asn1-x509';
import { commonName, extension, signCertificate } from '../contract/certificate.ts';
import { DAEMON_NAMES, daemonDefinition } from '../contract/daemons.ts';
import { type RoutesFile, routesText } from '../contract/egress/routes.ts';
import { DAEMONS_ENV } from '../contract/names.ts';
import { daemonCommand } from './daemon-command.ts';

const HOST = 'compile.test';
const ROUTES: RoutesFile = { version: 1, routes: [{ host: HOST }] };
const DAY_MS = 86_400_000;

/** Milliseconds after which a program that is only to be loaded is ended. */
const LOADED_MS = 10_000;

/** These end by themselves, for want of what a bundle has, once they have loaded all that they are made of. */
async function load(command: readonly string[]): Promise<void> {
  const [program = '', ...args] = command;
  const env = { ...process.env, [DAEMONS_ENV]: 'none' };
  await once(spawn(program, args, { env, stdio: 'ignore', timeout: LOADED_MS }), 'exit');
}

/** Lets egress start, make a certificate in its thread, and end. @throws Error when it does not. */
async function runEgress(directory: string): Promise<void> {
  const [routes, ca] = [join(directory, 'routes.yaml'), join(directory, 'ca.pem')];
  await writeFile(routes, routesText(ROUTES));
  await writeFile(ca, throwawayAuthority());
  const port = await freePort();
  const [program, ...args] = daemonCommand('egress', {});
  const files = ['--routes', routes, '--ca', ca, '--audit', directory];
  const places = ['--listen', `127.0.0.1:${port}`, '--control', join(directory, 'egress.sock')];
  // Nothing of it may stay in the image, which all bundles share, least of all its key.
  const memory = ['--run', join(directory, 'run')];
  const egress = spawn(program, [...args, ...files, ...places, ...memory], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ended = once(egress, 'exit');
  let said = '';
  for await (const text of egress.stderr) {
    said += String(text);
    if (said.includes('listening on')) break;
  }
  if (egress.exitCode !== null) throw new Error(`egress did not start: ${said}`);
  const tunnel = request({ port, host: '127.0.0.1', method: 'CONNECT', path: `${HOST}:443` });
  const opened = once(tunnel.end(), 'connect');
  await opened;
  tunnel.destroy();
  egress.kill('SIGTERM');
  await ended;
}

/** Certificate and key, PEM. */
function throwawayAuthority(): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = signCertificate({
    subject: commonName(HOST),
    publicKey,
    issuer: { key: privateKey },
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    extensions: [extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true)],
  });
  return `${certificate}${privateKey.export({ type: 'pkcs8', format: 'pem' })}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}

const directory = await mkdtemp(join(tmpdir(), 'compile-'));
try {
  const own = (name: string) => join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
  // Git runs the hooks: each start of Node is felt in a push.
  for (const program of ['main', 'ctl', '../git-gate/pre-receive', '../git-gate/proc-receive']) {
    await load([process.execPath, own(program)]);
  }
  for (const name of DAEMON_NAMES) {
    // Egress is run for real below; a program that is not ours leaves no code for Node.
    if (name !== 'egress' && daemonDefinition(name).command === undefined)
      await load(daemonCommand(name, {}));
  }
  await runEgress(directory);
} finally {
  await rm(directory, { recursive: true, force: true });
}
