import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly code: number | null;
  /** What it printed on both streams, trimmed. */
  readonly printed: string;
}

/** Runs a program to its end. @throws Error when the guest does not have it. */
export async function run(command: string, words: readonly string[], env = process.env): Promise<Ended> {
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, printed: `${stdout}${stderr}`.trim() };
}

/** Runs a shell script. @returns what it printed, or its exit code where it printed nothing. */
export async function sh(script: string, ...words: string[]): Promise<string> {
  const { code, printed } = await run('/bin/sh', ['-c', script, 'sh', ...words]);
  return printed === '' ? `exit ${code}` : printed.replaceAll(/\s*\n\s*/g, '; ');
}

/** An error of the system is told by its name, as `EPERM`. */
const FRAME = (body: string) => `
import errno, os, socket, struct, sys, fcntl
def attack(*words):
${body.replaceAll(/^/gm, '  ')}
try: print(attack(*sys.argv[1:]))
except socket.timeout: print('timeout')
except OSError as error: print(errno.errorcode.get(error.errno, str(error)))
`;

/** Runs the body of a Python function that is given `words`. @returns what it returned, or the name of its error. */
export async function python(body: string, ...words: (string | number)[]): Promise<string> {
  const { printed } = await run('python3', ['-c', FRAME(body.trim()), ...words.map(String)]);
  return printed.split('\n').at(-1) ?? '';
}
