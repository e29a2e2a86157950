/**
 * Runs a daemon until SIGTERM or SIGINT: then closes what `start` has returned, and exits. One that cannot start says
 * why, and exits with 1.
 */
export async function runDaemon(start: () => Promise<(() => Promise<void>) | undefined>): Promise<void> {
  let close: (() => Promise<void>) | undefined;
  const end = async () => {
    try {
      await close?.();
    } finally {
      process.exit(0);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end());
  process.on('SIGHUP', () => {});
  try {
    close = await start();
  } catch (error) {
    process.stderr.write(`fatal: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
