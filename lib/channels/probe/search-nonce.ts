import { shellWord } from '../../guest/shell-script.ts';

/** Directories that can change after packing; the rest of the image is older than the nonce. */
const SEARCHED = [
  '/etc',
  '/home',
  '/root',
  '/tmp',
  '/var',
  '/run',
  '/opt',
  '/srv',
  '/usr/local',
  '/mnt',
  '/dev/shm',
];

/**
 * Returns a script, run as root, that prints every file and process environment that contains the nonce. It
 * searches for the first half only, so that a guest that records the search cannot learn the nonce. The
 * pattern is passed through a pipe, never on a command line or in a file.
 */
export function searchNonceScript(nonce: string): string {
  const half = nonce.slice(0, nonce.length / 2);
  const pattern = (command: string) => `${command} 3<<'BOT_BOTTLE_END'\n${half}\nBOT_BOTTLE_END`;
  const folders = SEARCHED.map(shellWord).join(' ');
  return [
    pattern(`grep -rslF -f /dev/fd/3 ${folders}`),
    // A single grep, since a pattern on a pipe can be read only once.
    pattern('grep -slF -f /dev/fd/3 /proc/[0-9]*/environ'),
    'exit 0',
  ].join('\n');
}
