/**
 * Relays the connections of one machine to the host. Its first line of input is JSON: it listens on the nodes `socket0`,
 * `socket1`, … in its working directory and connects to the host path of the same index in `paths` for each connection.
 * With any `addresses`, its file descriptor 3 listens in the guest's network for connections to any address and port;
 * those to `addresses` go to the same port of the host, and all others are closed. It prints `ready` when it listens.
 * Its second line identifies the machine's process, and the relay exits when that process ends. Without the second
 * line it exits at end of input, that is, with the process that starts the machine.
 */
import { chmodSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { isAlive } from '../system/process.ts';

/** Milliseconds between checks whether the machine is alive. */
const LOOK_MS = 500;

const requestSchema = z.strictObject({ paths: z.array(z.string()), addresses: z.array(z.string()) });
const LISTENER = 3;
const machineSchema = z.strictObject({ pid: z.number().int(), startTime: z.number().int() });

/** Each direction ends by itself and waits for its reader; an error ends both. */
function join(guest: Socket, host: Socket): void {
  for (const [from, to] of [
    [guest, host],
    [host, guest],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
  }
}

async function listen(node: string, path: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (guest) => {
    join(guest, connect({ path, allowHalfOpen: true }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(node, () => resolve());
  });
  chmodSync(node, 0o777);
}

function listenForAddresses(addresses: readonly string[]): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (guest) => {
    const { localAddress: host = '', localPort: port = 0 } = guest;
    if (addresses.includes(host)) join(guest, connect({ host, port, allowHalfOpen: true }));
    else guest.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd: LISTENER }, () => resolve());
  });
}

process.on('SIGHUP', () => undefined);
const input = createInterface({ input: process.stdin });
let bound = false;
let started = false;
input.on('line', (line) => {
  if (!started) {
    started = true;
    const { paths, addresses } = requestSchema.parse(JSON.parse(line));
    const listening = paths.map((path, index) => listen(`socket${index}`, path));
    if (addresses.length > 0) listening.push(listenForAddresses(addresses));
    Promise.all(listening).then(
      () => process.stdout.write('ready\n'),
      () => process.exit(1),
    );
    return;
  }
  const machine = machineSchema.parse(JSON.parse(line));
  bound = true;
  setInterval(() => {
    if (!isAlive(machine)) process.exit(0);
  }, LOOK_MS);
});
input.on('close', () => {
  if (!bound) process.exit(0);
});
process.stdout.on('error', () => undefined);
