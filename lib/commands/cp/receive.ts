import { PassThrough, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CopyContext } from './copy-in.ts';
import { counting } from './counting.ts';
import { guestError } from './in-guest.ts';

export interface ReceiveOptions {
  /** Whether `output` is ended; true when absent. */
  readonly end?: boolean;
  /** The command's standard input. */
  readonly input?: Readable;
  /** The highest exit code with which what the command printed counts as whole; 0 when absent. */
  readonly highestExitCode?: number;
}

/** Writes what a command of the guest prints, as the agent, to `output`. @throws BottleError when the command fails. */
export async function receive(
  command: readonly string[],
  output: Writable,
  { bottle, signal, onBytes }: Pick<CopyContext, 'bottle' | 'signal' | 'onBytes'>,
  { input, highestExitCode = 0, ...options }: ReceiveOptions = {},
): Promise<void> {
  const arriving = new PassThrough();
  // What the guest has printed is whole only if its command ended well, which is known after the last byte.
  const printed = new Writable({ write: (chunk, _encoding, done) => void arriving.write(chunk, done) });
  const stop = new AbortController();
  const reading = pipeline(arriving, counting(onBytes), output, { signal, ...options }).catch(
    (error: unknown) => {
      stop.abort();
      throw error;
    },
  );
  const sending = bottle
    .pipeAsAgent(command, {
      output: printed,
      signal: AbortSignal.any([signal, stop.signal]),
      ...(input === undefined ? {} : { input }),
    })
    .then((result) => {
      // An error of the guest is worth more than that its archive has no end.
      if (result.exitCode > highestExitCode && !stop.signal.aborted)
        arriving.destroy(guestError('the copy', result));
      else arriving.end();
    });
  const [read, sent] = await Promise.allSettled([reading, sending]);
  signal.throwIfAborted();
  if (read.status === 'rejected') throw read.reason;
  if (sent.status === 'rejected') throw sent.reason;
}
