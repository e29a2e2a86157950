import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { agentError } from '../errors.ts';
import type { PublishedSocket } from '../state/record.ts';
import { type ProcessIdentity, startTimeOf } from '../system/process.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';

const PROGRAM = join(import.meta.dirname, 'relay-program.ts');

/** A process that relays connections of one machine. */
export interface Relay {
  readonly identity: ProcessIdentity;
  /** Ties the relay's lifetime to this process; until then, it lives as long as ours. */
  bindTo(machine: ProcessIdentity): void;
}

/** The relay of a machine's sockets, and the host paths of their nodes, in the order of the sockets. */
export interface SocketRelay extends Relay {
  readonly nodes: readonly string[];
}

/**
 * Starts a machine's relay, which listens on one node per socket in `folder`. The relay connects to the
 * host's socket for each new connection, so that socket may be created, removed and re-created at any time.
 */
export async function startSocketRelay(
  folder: string,
  sockets: readonly PublishedSocket[],
): Promise<SocketRelay | undefined> {
  if (sockets.length === 0) return undefined;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Relative to its working directory, the node names fit into a socket address wherever the folder is.
  const relay = await startRelay([], { paths: sockets.map((socket) => socket.host_path) }, folder);
  return { ...relay, nodes: sockets.map((_, index) => join(folder, `socket${index}`)) };
}

/** What a relay connects to; see its program. */
export interface RelayTargets {
  readonly paths?: readonly string[];
  readonly addresses?: readonly string[];
}

/** Starts a relay by `prefix`, a command that becomes the one that follows it. @throws SmolvmError. */
export async function startRelay(
  prefix: readonly string[],
  { paths = [], addresses = [] }: RelayTargets,
  folder = '/',
): Promise<Relay> {
  const command = [...prefix, process.execPath, '--disable-warning=ExperimentalWarning', PROGRAM];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: HELPER_ENVIRONMENT,
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-500);
  });
  const said = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(''));
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify({ paths, addresses })}\n`);
  const answer = await said;
  const pid = child.pid ?? 0;
  const startTime = startTimeOf(pid);
  if (answer !== 'ready' || startTime === undefined) {
    throw agentError(
      'start machine',
      `the relay of the machine did not start: ${answer || complaint.trim()}`,
    );
  }
  return {
    identity: { pid, startTime },
    bindTo(machine) {
      child.stdin.end(`${JSON.stringify(machine)}\n`);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
    },
  };
}
