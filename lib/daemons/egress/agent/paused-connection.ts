import type { Socket } from 'node:net';

/**
 * To be called with the connection of each request, as it comes.
 *
 * When a request comes while much of the answers before it has not left yet, Node's server pauses the connection and
 * its parser. The parser takes what comes straight from the connection though, without a stream between, and of TLS the
 * records that are here already still reach it: it ends the connection then (`HPE_PAUSED`). Once there is a listener for
 * its data, Node reads a connection through a stream, which keeps them until it is resumed.
 */
export function bufferWhilePaused(connection: Socket): void {
  if (!connection.isPaused() || connection.listenerCount('data', nothing) > 0) return;
  connection.on('data', nothing);
  // The stream has been waiting, since the connection began, for data that went past it; until some comes it would not
  // start to read again.
  connection.push('');
}

function nothing(): void {}
