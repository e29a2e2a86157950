import { constants } from 'node:os';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `cleanUp` when a signal ends this program, which then exits as the shell expects.
 * @returns a function that removes the handlers.
 */
export function onSignal(cleanUp: () => void): () => void {
  const handlers = ENDING.map((signal) => {
    const handler = () => {
      cleanUp();
      process.exit(128 + constants.signals[signal]);
    };
    process.once(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return () => {
    for (const revoke of handlers) revoke();
  };
}
