import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { RUNC_ROOT } from '../network/live-guests.ts';
import { RUNTIME_DIRECTORY } from '../paths.ts';
import { rawTerminal } from '../system/raw-mode.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';
import { type Ending, endingOf, hiddenFile } from './exec.ts';
import { systemCalls } from './reaper.ts';
import { ociProcess, type ProcessRequest } from './spec.ts';
import { TERMINAL_REAPER } from './terminal-reaper.ts';

/**
 * Runs a command to its end on a terminal in the guest, connected to our standard streams. The terminal's
 * size is always 0x0, as in smolvm 0.8.0. Our own terminal, if any, is in raw mode meanwhile.
 */
export async function execOnTerminal(
  container: string,
  request: Omit<ProcessRequest, 'terminal'>,
  options: { stdin: boolean; onStart: (kill: () => void) => void },
): Promise<Ending> {
  const base = join(RUNTIME_DIRECTORY, `exec-${randomBytes(8).toString('hex')}`);
  const [pidFile, socket] = [`${base}.pid`, `${base}.sock`];
  const specification = hiddenFile(JSON.stringify(ociProcess({ ...request, terminal: true })));
  const runc = ['runc', '--root', RUNC_ROOT, 'exec', '--detach', '--pid-file', pidFile];
  const { prctl, recvmsg } = systemCalls();
  // First of all: on a busy host, the command writes before two runs of stty are done.
  const restore = options.stdin && process.stdin.isTTY ? rawTerminal() : () => undefined;
  try {
    const child = spawn(
      'perl',
      ['-e', TERMINAL_REAPER, prctl, recvmsg, pidFile, socket, ...runc].concat(
        '--tty',
        '--console-socket',
        socket,
        '--process',
        '/proc/self/fd/3',
        container,
      ),
      // The reaper inherits our input and output, but the guest does not: only bytes pass.
      {
        stdio: [options.stdin ? 'inherit' : 'ignore', 'inherit', 'inherit', specification, 'pipe'],
        env: HELPER_ENVIRONMENT,
      },
    );
    closeSync(specification);
    options.onStart(() => child.kill('SIGTERM'));
    return await endingOf(child);
  } finally {
    restore();
  }
}
