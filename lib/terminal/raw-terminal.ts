import { spawnSync } from 'node:child_process';
import { childEnvironment } from '../host/child-environment.ts';

/**
 * Makes the terminal on standard input pass every byte both ways: keys such as Ctrl-C arrive as bytes, and output is
 * not changed. Node's own raw mode still translates line feeds, which breaks programs that draw.
 * @returns a function that brings back how it was; it also runs when the process exits.
 */
export function rawTerminal(): () => void {
  const before = stty('-g').trim();
  stty('raw', '-echo');
  const restore = () => {
    process.removeListener('exit', restore);
    stty(before);
  };
  process.once('exit', restore);
  return restore;
}

function stty(...args: string[]): string {
  return spawnSync('stty', args, {
    stdio: ['inherit', 'pipe', 'ignore'],
    encoding: 'utf8',
    env: childEnvironment('plain'),
  }).stdout;
}
