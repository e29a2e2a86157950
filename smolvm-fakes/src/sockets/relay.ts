import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { agentError } from '../errors.ts';
import type { PublishedSocket } from '../state/record.ts';
import { type ProcessIdentity, startTimeOf } from '../system/process.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';

const PROGRAM = join(import.meta.dirname, 'relay-program.ts');

/** The process that relays one machine's sockets, and the host paths of its nodes. */
export interface SocketRelay {
  readonly identity: ProcessIdentity;
  /** Host path of each socket's node, in the order of the sockets. */
  readonly nodes: readonly string[];
  /** Ties the relay's lifetime to this process; until then, it lives as long as ours. */
  bindTo(machine: ProcessIdentity): void;
}

/**
 * Starts a machine's relay, which listens on one node per socket in `folder`. The relay connects to the
 * host's socket for each new connection, so that socket may be created, removed and re-created at any time.
 */
export async function startRelay(
  folder: string,
  sockets: readonly PublishedSocket[],
): Promise<SocketRelay | undefined> {
  if (sockets.length === 0) return undefined;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Relative to its working directory, the node names fit into a socket address wherever the folder is.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: HELPER_ENVIRONMENT,
  });
  const said = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(''));
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(sockets.map((socket) => socket.host_path))}\n`);
  const answer = await said;
  const pid = child.pid ?? 0;
  const startTime = startTimeOf(pid);
  if (answer !== 'ready' || startTime === undefined) {
    throw agentError('start machine', `the relay of the machine's sockets did not start: ${answer}`);
  }
  return {
    identity: { pid, startTime },
    nodes: sockets.map((_, index) => join(folder, `socket${index}`)),
    bindTo(machine) {
      child.stdin.end(`${JSON.stringify(machine)}\n`);
      child.stdout.destroy();
      child.unref();
    },
  };
}
