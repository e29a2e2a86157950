import { extname, join } from 'node:path';
import { type DaemonName, daemonDefinition } from '../contract/daemons.ts';

/**
 * Flags that keep a daemon small, since each bottle has its own.
 *
 * V8 gives new objects 16 MB, which grow to three times that under load: here they have 8. Threads that help to collect
 * half a millisecond's worth of new objects cost more than they save: 5 to 9 % of all processor time, measured side by
 * side on one core. With the collector at hand, an idle daemon can give memory back (egress/idle-memory.ts). It keeps
 * its compiled code then, which V8 would throw away: the next thousand requests took twice the time.
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=8',
  '--no-parallel-scavenge',
  '--expose-gc',
  '--no-flush-bytecode',
] as const;

/** The program of a daemon and its arguments: a module of ours that Node runs, or a program of others. */
export function daemonCommand(
  name: DaemonName,
  environment: NodeJS.ProcessEnv,
): readonly [program: string, ...args: string[]] {
  const { command, args = [] } = daemonDefinition(name);
  if (command !== undefined) return command(environment);
  // TypeScript like this module; JavaScript, also like it, in the bundle's image.
  const module = `main${extname(import.meta.filename)}`;
  return [process.execPath, ...NODE_FLAGS, join(import.meta.dirname, '..', name, module), ...args];
}
