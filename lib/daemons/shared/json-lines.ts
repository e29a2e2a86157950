import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * Yields the lines that a socket sends, each parsed as JSON; ends with the socket.
 * @throws Error for a line of more than `longest` characters, or one that is no JSON.
 */
export async function* jsonLines(socket: Socket, longest: number): AsyncGenerator<unknown> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket) {
    const lines = (text + String(chunk)).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
    if (text.length > longest) throw new Error(`a line of more than ${longest} characters`);
  }
}

export function sendLine(socket: Socket, value: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

/** Connects to the Unix socket at `path`. @throws Error when nobody listens there. */
export async function connectTo(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

/** Sends one request and returns the first line of the answer. @throws Error when there is none. */
export async function askOnce(path: string, request: unknown, longest: number): Promise<unknown> {
  const socket = await connectTo(path);
  try {
    sendLine(socket, request);
    for await (const line of jsonLines(socket, longest)) return line;
    throw new Error('the connection ended without an answer');
  } finally {
    socket.destroy();
  }
}
