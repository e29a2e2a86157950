import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Receiver, WebSocketServer } from 'ws';
import { frame, HANDSHAKE } from '../support/egress/web-socket.ts';
import type { CorpusCase } from './corpus-case.ts';

export type CaseFrame = NonNullable<CorpusCase['payload']['frames']>[number];

/** Milliseconds to wait for the upstream's message to come back through the proxy. */
const PATIENCE_MS = 10_000;

/** Opcodes of RFC 6455, 5.2, by their names in the corpus. */
const OPCODES: Readonly<Record<string, number>> = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
};
const RSV1 = 4;

/** Makes a server accept WebSockets and reply to each message. */
export function answerMessages(server: Server, answer: () => string): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => opened.terminate());
      opened.on('message', () => opened.send(answer()));
    });
  });
}

export const handshakeHeaders = HANDSHAKE;

/**
 * Sends the frames unchanged once the WebSocket is open. Returns the reply, or the reason in the close frame;
 * `undefined` if neither comes.
 */
export async function playFrames(
  request: ClientRequest,
  frames: readonly CaseFrame[],
): Promise<{ answer: string } | { reason: string } | undefined> {
  request.end();
  const refused = once(request, 'response').then(([response]) => ({
    reason: String(response.headers['x-bot-bottle-reason']),
  }));
  const opened = once(request, 'upgrade').then(([, socket, head]) => exchange(socket, head, frames));
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const late = once(patience, 'abort').then(() => undefined);
  try {
    return await Promise.race([refused, opened, late]);
  } finally {
    request.destroy();
  }
}

async function exchange(
  socket: Duplex,
  head: Buffer,
  frames: readonly CaseFrame[],
): Promise<{ answer: string } | { reason: string }> {
  const receiver = new Receiver({ isServer: false, maxPayload: 0, maxFragments: 0, maxBufferedChunks: 0 });
  const { promise, resolve } = Promise.withResolvers<{ answer: string } | { reason: string }>();
  receiver.on('message', (data) => resolve({ answer: data.toString() }));
  receiver.on('conclude', (_code, reason) => resolve({ reason: reason.toString() }));
  receiver.write(head);
  socket.pipe(receiver);
  for (const { opcode, payload, fin, rsv1 } of frames) {
    socket.write(frame({ opcode: OPCODES[opcode] ?? 3, payload, fin, reserved: rsv1 ? RSV1 : 0 }));
  }
  return promise.finally(() => socket.destroy());
}
