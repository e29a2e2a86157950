import { BottleError } from '../errors.ts';
import type { SmolvmClient } from '../smolvm/client.ts';

/** A guest just started may kill one command (137): a second try of a script that can be repeated is safe. */
const KILLED = 137;

/**
 * Runs a shell script in the guest as root. The script goes through a pipe, so that nothing in it shows on any
 * command line, in the guest or outside. Scripts must be safe to run twice.
 * @throws BottleError `guest-failed`, naming the `purpose`, when the script fails.
 */
export async function runInGuest(
  client: SmolvmClient,
  machine: string,
  purpose: string,
  script: string,
): Promise<string> {
  const run = () => client.exec(machine, ['sh', '-s'], { input: script, timeoutMs: 120_000 });
  let result = await run();
  if (result.exitCode === KILLED) result = await run();
  if (result.exitCode === 0) return result.stdout;
  const said = result.stderr.trim().split('\n').slice(-5).join('\n');
  throw new BottleError('guest-failed', `${purpose} failed in the guest (exit ${result.exitCode}): ${said}`);
}

/** A word of a shell script that stands for exactly `text`, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Script that writes a file whole, with owner and mode; the content may be anything, NUL included. */
export function writeFileScript(path: string, content: string, owner: string, mode: string): string {
  const target = shellWord(path);
  const temporary = shellWord(`${path}.bot-bottle.tmp`);
  const encoded = Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\n');
  return [
    `mkdir -p ${shellWord(path.replace(/\/[^/]*$/, '') || '/')}`,
    `(umask 077 && base64 -d > ${temporary}) <<'BOT_BOTTLE_END'`,
    encoded,
    'BOT_BOTTLE_END',
    `chown ${shellWord(owner)} ${temporary}`,
    `chmod ${shellWord(mode)} ${temporary}`,
    `mv -f ${temporary} ${target}`,
  ].join('\n');
}
