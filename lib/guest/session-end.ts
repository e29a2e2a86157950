import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError } from '../errors.ts';
import type { ExecOptions, ExecResult } from '../smolvm/client.ts';

/** Milliseconds for one look. */
const LOOK_TIMEOUT_MS = 10_000;
/** Milliseconds between looks at a command that has not ended: the guest tool hangs up after its host, and kills after 5 s. */
const LOOK_EVERY_MS = 500;
const LOOKS = 16;

/** The guest in which the command ran. */
interface Guest {
  readonly slug: string;
  exec(command: readonly string[], options: ExecOptions): Promise<ExecResult>;
}

const READ = 'if [ -e "$1" ]; then cat "$1"; [ ! -s "$1" ] || rm -f "$1"; else echo missing; fi';

/**
 * Returns how the command of a session really ended. smolvm's own failures, such as a connection that is lost, have the exit
 * codes that the command could have, and its version 0.8.0 says 255 of every signal. The guest tool has written it down.
 * @param carried the exit code of smolvm, which counts when the guest cannot be asked.
 * @throws BottleError `guest-failed` when the command never ran, or was hung up on.
 */
export async function endOfSession(guest: Guest, report: string, carried: number): Promise<number> {
  for (let look = 0; look < LOOKS; look += 1) {
    const command = ['/bin/sh', '-c', READ, 'sh', report];
    const { exitCode, stdout } = await guest.exec(command, { timeoutMs: LOOK_TIMEOUT_MS });
    if (exitCode !== 0) return carried;
    const [, hungUp, code] = /^(hung-up )?(\d{1,3})$/.exec(stdout.trim()) ?? [];
    if (hungUp !== undefined)
      throw lost(guest.slug, carried, 'lost its connection, and the command was ended');
    if (code !== undefined) return Number(code);
    if (stdout.trim() === 'missing') throw lost(guest.slug, carried, 'failed before the command ran');
    await sleep(LOOK_EVERY_MS);
  }
  return carried;
}

function lost(slug: string, carried: number, what: string): BottleError {
  return new BottleError('guest-failed', `the session in ${slug} ${what} (smolvm exited with ${carried})`, {
    hint: `The guest is still there: make attach BOTTLE=${slug} RESUME=1 goes on, while the bottle is up.`,
  });
}
