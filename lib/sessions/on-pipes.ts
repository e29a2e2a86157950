import type { Readable } from 'node:stream';
import type { GuestSession } from '../guest/guest-session.ts';
import { OutputFilter } from '../terminal/filter/output-filter.ts';
import { writeAll } from './write-all.ts';

export interface OnPipesOptions {
  /** The command's whole standard input; this process's own when absent. */
  readonly input?: string | undefined;
  /** Whether the agent may write to the clipboard of a terminal that shows its output. */
  readonly clipboard: boolean;
  /** Sees what the command prints. */
  readonly onOutput?: (bytes: Buffer) => void;
}

/** Connects a session without a terminal to this process's streams until its output ends. */
export async function connectPipes(session: GuestSession, options: OnPipesOptions): Promise<void> {
  const { input, clipboard } = options;
  const stop = input === undefined ? forwardInput(session) : writeInput(session, input);
  const copy = (from: Readable, to: NodeJS.WriteStream) =>
    copyTo(to, from, to.isTTY ? new OutputFilter({ clipboard, mayAsk: false }) : undefined, options.onOutput);
  try {
    await Promise.all([copy(session.output, process.stdout), copy(session.errorOutput, process.stderr)]);
  } finally {
    stop();
  }
}

function writeInput(session: GuestSession, input: string): () => void {
  session.write(Buffer.from(input));
  session.endInput();
  return () => {};
}

function forwardInput(session: GuestSession): () => void {
  const { stdin } = process;
  const write = (bytes: Buffer) => {
    if (session.write(bytes)) return;
    stdin.pause();
    void session.drained().then(() => stdin.resume());
  };
  const end = () => session.endInput();
  stdin.on('data', write).once('end', end).once('error', end);
  return () => void stdin.off('data', write).off('end', end).off('error', end).pause();
}

/**
 * Copies as fast as the reader takes it. Output for a terminal passes a filter, without questions, since nobody reads the
 * answers; then the terminal is restored.
 */
async function copyTo(
  to: NodeJS.WriteStream,
  from: Readable,
  filter: OutputFilter | undefined,
  onOutput: ((bytes: Buffer) => void) | undefined,
): Promise<void> {
  for await (const chunk of from) {
    const passed: Buffer = filter === undefined ? chunk : filter.write(chunk);
    onOutput?.(passed);
    await writeAll(to, passed);
  }
  if (filter !== undefined) to.write(filter.touched.restore());
}
