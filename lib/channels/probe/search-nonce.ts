import { shellWord } from '../../guest/shell-script.ts';

/** Where anything written after packing can be; the rest of the image was packed before the nonce existed. */
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
 * Script (for root) that prints every file, and every process environment, that holds the nonce. It searches for
 * the first half alone: a guest that keeps what it was asked for has kept nothing it can use. The pattern
 * travels on a pipe and is on no command line and in no file.
 */
export function searchNonceScript(nonce: string): string {
  const half = nonce.slice(0, nonce.length / 2);
  const pattern = (command: string) => `${command} 3<<'BOT_BOTTLE_END'\n${half}\nBOT_BOTTLE_END`;
  const folders = SEARCHED.map(shellWord).join(' ');
  return [
    pattern(`grep -rslF -f /dev/fd/3 ${folders}`),
    // One grep over all: a pattern on a pipe can be read once.
    pattern('grep -slF -f /dev/fd/3 /proc/[0-9]*/environ'),
    'exit 0',
  ].join('\n');
}
