import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bottlePaths } from '../../bottle/paths.ts';
import { BottleError } from '../../errors.ts';
import type { SessionRequest } from '../../phases/session-request.ts';
import { type HoldRequest, STARTED } from './hold-request.ts';

const HOLDER = join(import.meta.dirname, 'main.ts');

/**
 * Starts a session of the agent that goes on without this process, in a process of its own. Resolves when it has
 * started, and says how to go on.
 * @throws BottleError `guest-failed` when it does not start.
 */
export async function detach(
  bottle: Omit<HoldRequest, 'request'>,
  { prompt, format, timeoutMs, resume }: SessionRequest,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const directory = bottlePaths.sessions(bottle.slug);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'holder.log');
  const log = openSync(path, 'a', 0o600);
  const holder = fork(HOLDER, [], { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const stop = () => void holder.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const request: HoldRequest = {
    ...bottle,
    request: {
      format,
      resume,
      ...(prompt === undefined ? {} : { prompt }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
  };
  holder.send(request);
  const started = once(holder, 'message').then(([message]) => message === STARTED);
  const hasStarted = await Promise.race([started, once(holder, 'exit').then(() => false)]);
  signal.removeEventListener('abort', stop);
  if (hasStarted) {
    holder.disconnect();
    holder.unref();
    const [what, target] =
      prompt === undefined ? ['join it', 'attach'] : ['read what it prints', 'logs AGENT_OUTPUT=1'];
    say(`the agent runs without a terminal; to ${what}: make ${target} BOTTLE=${bottle.slug}`);
    say(`to end it: make stop BOTTLE=${bottle.slug}`);
    return;
  }
  signal.throwIfAborted();
  const said = (await readFile(path, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
  throw new BottleError('guest-failed', `the session did not start: ${said}`);
}
