import type { Socket } from 'node:net';

/**
 * Must be called with the connection of each request when the request arrives.
 *
 * When a request arrives while much of the earlier responses is still unsent, Node's server pauses the
 * connection and its parser. But the parser reads directly from the connection, without a stream in between,
 * and TLS records that have already arrived still reach it. It then ends the connection with `HPE_PAUSED`.
 * Once the connection has a `data` listener, Node reads it through a stream, which buffers those records
 * until it is resumed.
 */
export function bufferWhilePaused(connection: Socket): void {
  if (!connection.isPaused() || connection.listenerCount('data', nothing) > 0) return;
  connection.on('data', nothing);
  // The stream has been waiting for data since the connection began, and all data bypassed it. It would not
  // start reading again before some arrives.
  connection.push('');
}

function nothing(): void {}
