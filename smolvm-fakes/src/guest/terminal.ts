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
 * Runs a command on a terminal in the guest, our standard streams connected to it, to its end. The terminal's size is
 * 0x0 and never changes, as with smolvm 0.8.0. Ours, if we have one, passes everything through meanwhile.
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
  // Before there is anything to pass: on a busy machine the command writes before two runs of stty are through.
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
      // The reaper gets our own input and output, the guest neither: only bytes pass.
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
