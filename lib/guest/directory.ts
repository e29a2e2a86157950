import type { Agent } from './agent.ts';
import { shellWord } from './shell-script.ts';

/** Returns the script that makes the directory where sessions start, for root to run before the agent ever has. */
export function directoryScript({ directory, uid, gid }: Pick<Agent, 'directory' | 'uid' | 'gid'>): string {
  const path = shellWord(directory);
  return `[ -d ${path} ] || { mkdir ${path} && chown ${uid}:${gid} ${path}; }`;
}
