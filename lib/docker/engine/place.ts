import { join } from 'node:path';
import { execa } from 'execa';
import { childEnvironment } from '../../host/child-environment.ts';
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

/** Returns where the docker client's engine is: `unix://…`, `tcp://…`, `ssh://…`; empty for its default. */
export async function engineAddress(context = 'default'): Promise<string> {
  const host = process.env.DOCKER_HOST;
  if (host || context === 'default') return host ?? '';
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const shown = await execa('docker', args, {
    ...{ reject: false, stdin: 'ignore', env: childEnvironment('docker'), extendEnv: false },
  });
  return shown.failed ? '' : (shown.stdout?.trim() ?? '');
}

/** Whether an address of an engine is on this machine: its mounts and ports are those of the kit. */
export function isHere(address: string): boolean {
  const remote = /^(?:ssh|tcp|https?):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(address)?.[1];
  return remote === undefined || /^(?:|localhost|127(?:\.\d+){3}|\[::1\])$/.test(remote);
}

/** Describes the setting that points the docker client to another engine; undefined if there is none. */
export async function configuredElsewhere(): Promise<string | undefined> {
  const host = process.env.DOCKER_HOST;
  if (host) return host === 'unix:///var/run/docker.sock' ? undefined : `DOCKER_HOST (${host})`;
  const shown = await execa('docker', ['context', 'show'], {
    ...{ reject: false, stdin: 'ignore', env: childEnvironment('docker'), extendEnv: false },
  });
  const context = shown.stdout?.trim();
  return shown.failed || !context || context === 'default' ? undefined : `the docker context '${context}'`;
}
