import { z } from 'zod';
import { docker } from '../cli.ts';

/** How an engine treats the users and files of containers. */
export interface EngineSecurity {
  /** The engine runs as an ordinary user, whom a container's root is on the host. */
  readonly isRootless: boolean;
  /** Users of containers are others on the host (`userns-remap`). */
  readonly remapsUsers: boolean;
  /** What is mounted is refused to containers unless it has a label of theirs. */
  readonly hasSelinux: boolean;
}

/** Such as `["name=seccomp,profile=builtin","name=rootless","name=cgroupns"]`; null without any. */
const securityOptions = z.array(z.string()).nullable();

/** @param json what `docker info` says of its SecurityOptions. */
export function parseEngineSecurity(json: string): EngineSecurity {
  const options = securityOptions.parse(JSON.parse(json)) ?? [];
  const names = new Set(options.map((option) => /^(?:name=)?([^,]*)/.exec(option)?.[1]));
  return {
    isRootless: names.has('rootless'),
    remapsUsers: names.has('userns'),
    hasSelinux: names.has('selinux'),
  };
}

export async function engineSecurity(signal?: AbortSignal): Promise<EngineSecurity> {
  const args = ['info', '--format', '{{json .SecurityOptions}}'];
  return parseEngineSecurity(await docker(args, signal === undefined ? {} : { signal }));
}

/**
 * Returns the `docker run` arguments for a container that uses files of the launching user, as that user. Relabeling these
 * files for SELinux would change the person's own; the container's other confinement stays.
 */
export function asLaunchingUser({ isRootless, remapsUsers, hasSelinux }: EngineSecurity): string[] {
  const { getuid, getgid } = process;
  const ids = getuid === undefined || getgid === undefined ? undefined : `${getuid()}:${getgid()}`;
  const user = isRootless ? '0:0' : ids;
  return [
    ...(user === undefined ? [] : ['--user', user]),
    ...(remapsUsers ? ['--userns', 'host'] : []),
    ...withFilesOfHost({ hasSelinux }),
  ];
}

/** Returns the `docker run` arguments for a container that reads files of the host, as whomever. */
export function withFilesOfHost({ hasSelinux }: Pick<EngineSecurity, 'hasSelinux'>): string[] {
  return hasSelinux ? ['--security-opt', 'label=disable'] : [];
}
