import { spawnSync } from 'node:child_process';
import { HELPER_ENVIRONMENT } from './run.ts';

/**
 * Makes the terminal on our standard input pass every byte both ways. Node's own raw mode still translates
 * line endings, which breaks full-screen programs in a guest. @returns a function that restores the terminal.
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
