import type { DaemonRunner } from './daemon-runner.ts';

/**
 * Starts the runner; TERM and INT go to every daemon and end it, HUP only goes to every daemon.
 * Resolves after the first TERM or INT, when no daemon is left.
 */
export async function runUntilSignalled(runner: DaemonRunner): Promise<void> {
  const { promise: told, resolve: tell } = Promise.withResolvers<NodeJS.Signals>();
  // Listening before the first start: a bundle that is stopped while it starts must not die mid-way.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tell(signal));
  process.on('SIGHUP', () => runner.reload());

  // A pending promise alone keeps no process alive, and an idle bundle has no daemon that would.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await runner.start();
    await runner.stop(await told);
  } finally {
    clearInterval(alive);
  }
}
