import type { Supervisor } from './supervisor.ts';

/**
 * Starts the supervisor; TERM and INT go to every daemon and end it, HUP only goes to every daemon.
 * Resolves after the first TERM or INT, when no daemon is left.
 */
export async function runUntilSignalled(supervisor: Supervisor): Promise<void> {
  const { promise: told, resolve: tell } = Promise.withResolvers<NodeJS.Signals>();
  // Listening before the first start: a bundle that is stopped while it starts must not die mid-way.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tell(signal));
  process.on('SIGHUP', () => supervisor.reload());

  // A pending promise alone keeps no process alive, and an idle bundle has no daemon that would.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await supervisor.start();
    await supervisor.stop(await told);
  } finally {
    clearInterval(alive);
  }
}
