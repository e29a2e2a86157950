/** A failure that smolvm reports as `Error: MESSAGE` with exit code 1. */
export class SmolvmError extends Error {}

/** A command line that clap refuses. The message is the complete stderr output; the exit code is 2. */
export class UsageError extends Error {}

export const configError = (operation: string, reason: string) =>
  new SmolvmError(`config operation failed: ${operation}: ${reason}`);

export const agentError = (operation: string, reason: string) =>
  new SmolvmError(`agent operation failed: ${operation}: ${reason}`);

export const notFoundError = (name: string) => new SmolvmError(`vm not found: ${name}`);

export const databaseError = (operation: string, reason: string) =>
  new SmolvmError(`database operation failed: ${operation}: ${reason}`);

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Formats an error the way smolvm shows it as the reason of another error. */
export function ioReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'I/O error: No such file or directory (os error 2)';
  if (code === 'EACCES') return 'I/O error: Permission denied (os error 13)';
  if (code === 'ENOSPC') return 'I/O error: No space left on device (os error 28)';
  return `I/O error: ${messageOf(error)}`;
}
