import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../host/directories.ts';

/** Where the engine that the kit may start listens, and how its daemon is started. */
export interface LocalEngine {
  /** `unix://…`; undefined means the docker client's default. */
  host?: string;
  /** Extra arguments for `dockerd`. */
  daemonArguments?: readonly string[];
}

export const engineFiles = {
  lock: () => join(cacheDirectory(), 'locks', 'engine.lock'),
  record: () => join(cacheDirectory(), 'engine', 'engine.json'),
  log: () => join(cacheDirectory(), 'engine', 'dockerd.log'),
} as const;

/** Describes the setting that points the docker client to another engine; undefined if there is none. */
export async function configuredElsewhere(): Promise<string | undefined> {
  const host = process.env.DOCKER_HOST;
  if (host) return host === 'unix:///var/run/docker.sock' ? undefined : `DOCKER_HOST (${host})`;
  const shown = await execa('docker', ['context', 'show'], { reject: false, stdin: 'ignore' });
  const context = shown.stdout?.trim();
  return shown.failed || !context || context === 'default' ? undefined : `the docker context '${context}'`;
}
