import { IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MAX_HEADER_BYTES } from '../http/limits.ts';
import { localResponseHeaders, statusText } from '../http/local-response.ts';
import { denialResponse } from '../policy/denial-response.ts';
import { deny, FIX_CLIENT } from '../policy/verdict.ts';
import { hangUp } from '../websocket/hang-up.ts';
import { LINGER_MS } from '../websocket/limits.ts';

const ended = new WeakSet<Duplex>();

/**
 * Answers what Node's parser cannot read, then closes the connection. Node itself would destroy it at once, and with it
 * a response that waits behind the end of the TLS handshake.
 */
export function answerMalformed(error: Error, socket: Duplex): void {
  if (ended.has(socket)) return;
  ended.add(socket);
  socket.on('error', () => socket.destroy());
  // The agent would take the response for that of its earlier request.
  if (!socket.writable || awaitsResponse(socket)) return void socket.destroy(error);
  socket.write(responseTo(error));
  void hangUp(socket, { flushMs: LINGER_MS, lingerMs: LINGER_MS });
}

/**
 * Whether an earlier request on the socket still waits for its response: Node assigns one response at a time.
 */
export function awaitsResponse(socket: Duplex): boolean {
  if (!(socket instanceof Socket)) return false;
  const probe = new ServerResponse(new IncomingMessage(socket));
  try {
    probe.assignSocket(socket);
  } catch {
    return true;
  }
  probe.detachSocket(socket);
  return false;
}

function responseTo(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') {
    const reason = `The headers of the request are longer than ${MAX_HEADER_BYTES} bytes.`;
    const response = denialResponse(deny('headers-too-long', null, reason, FIX_CLIENT));
    const lines = Object.entries(localResponseHeaders(response)).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const head = `HTTP/1.1 ${response.status} ${statusText(response)}\r\nconnection: close\r\n`;
    return `${head}${lines.join('')}\r\n${response.text}`;
  }
  const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n\r\n`;
}
