import { type DaemonName, daemonDefinition } from '../contract/daemons.ts';

/**
 * How glibc keeps memory that was freed, for programs of Node: two arenas instead of one a thread; and blocks of 16 KiB
 * or more, such as buffers of TLS records, get pages of their own, which go back to the system when they are freed.
 * Other C libraries ignore these variables.
 */
export const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '16384' } as const;

/** The environment of one daemon: `PATH` and what its definition lets it read, nothing else of the bundle's. */
export function daemonEnvironment(name: DaemonName, environment: NodeJS.ProcessEnv): Record<string, string> {
  const definition = daemonDefinition(name);
  const isOurs = definition.command === undefined;
  const scrubbed: Record<string, string> = isOurs ? { ...ALLOCATOR } : {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (variable === 'PATH' || definition.mayRead(variable)) scrubbed[variable] = value;
  }
  return scrubbed;
}
