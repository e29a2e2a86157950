import { spawnSync } from 'node:child_process';
import { HELPER_ENVIRONMENT } from './run.ts';

/**
 * Makes the terminal on our standard input pass every byte both ways, and gives what puts it back. Node's own raw
 * mode keeps on translating line ends, which full-screen programs in a guest would suffer from.
 */
export function rawTerminal(): () => void {
  const before = stty('--save').trim();
  stty('raw', '-echo');
  const restore = () => void stty(before);
  process.once('exit', restore);
  return () => {
    process.removeListener('exit', restore);
    restore();
  };
}

function stty(...args: string[]): string {
  const stdio: ['inherit', 'pipe', 'ignore'] = ['inherit', 'pipe', 'ignore'];
  return spawnSync('stty', args, { stdio, encoding: 'utf8', env: HELPER_ENVIRONMENT }).stdout;
}
