import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { execa } from 'execa';

/** Where pages go: `write` resolves to false when nobody reads any more. */
export interface Pages {
  write(text: string): Promise<boolean>;
  /** Ends the output, and waits until the reader has left the pager. */
  end(): Promise<void>;
}

/** Returns the operator's pager, a shell's command line as everywhere; undefined for none. `configured` is git's. */
export function pagerCommand(
  configured: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const { BOT_BOTTLE_PAGER, GIT_PAGER, PAGER } = environment;
  const pager = [BOT_BOTTLE_PAGER, GIT_PAGER, configured, PAGER].find((one) => one !== undefined);
  const command = pager?.trim() ?? 'less -FRX';
  return command === '' || command === 'cat' ? undefined : command;
}

/** Opens `pager` on the terminal; standard output itself when there is none, or it is no terminal. */
export function openPages(pager: string | undefined): Pages {
  if (pager === undefined || !process.stdout.isTTY) return pagesOf(process.stdout, async () => {});
  const options = { stdin: 'pipe', stdout: 'inherit', stderr: 'inherit', reject: false } as const;
  // As git does: a pager without options of its own shows colors, and leaves a short text on the screen.
  const child = execa('sh', ['-c', pager], { ...options, env: { LESS: process.env.LESS ?? 'FRX' } });
  return pagesOf(child.stdin, async () => {
    child.stdin.end();
    await child;
  });
}

function pagesOf(stream: Writable, end: () => Promise<void>): Pages {
  // A reader who quits early has seen enough.
  const gone = new Promise<false>((resolve) => {
    stream.on('error', () => resolve(false));
    stream.on('close', () => resolve(false));
  });
  return {
    async write(text) {
      if (!stream.writable) return false;
      if (stream.write(text)) return true;
      return Promise.race([gone, once(stream, 'drain').then(() => true)]).catch(() => false);
    },
    end,
  };
}
