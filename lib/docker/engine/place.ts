import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../bottle/paths.ts';

/** Where the engine that the kit may start listens, and how its daemon is called. */
export interface LocalEngine {
  /** `unix://…`; undefined stands for wherever the docker client looks by itself. */
  host?: string;
  /** Further arguments of `dockerd`. */
  daemonArguments?: readonly string[];
}

export const engineFiles = {
  lock: () => join(cacheDirectory(), 'locks', 'engine.lock'),
  record: () => join(cacheDirectory(), 'engine', 'engine.json'),
  log: () => join(cacheDirectory(), 'engine', 'dockerd.log'),
} as const;

/** What sends the docker client elsewhere than to this machine's own engine, in words; else undefined. */
export async function configuredElsewhere(): Promise<string | undefined> {
  const host = process.env.DOCKER_HOST;
  if (host) return host === 'unix:///var/run/docker.sock' ? undefined : `DOCKER_HOST (${host})`;
  const shown = await execa('docker', ['context', 'show'], { reject: false, stdin: 'ignore' });
  const context = shown.stdout?.trim();
  return shown.failed || !context || context === 'default' ? undefined : `the docker context '${context}'`;
}
