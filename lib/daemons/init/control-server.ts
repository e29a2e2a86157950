import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import {
  CONTROL_LINE_BYTES,
  type ControlReply,
  type ControlRequest,
  controlRequest,
} from '../contract/init/control.ts';

/** Milliseconds in which a client must have sent its line. */
const LINE_MS = 2000;

/** Listens on the Unix socket `path`, see `contract/control.ts` for the protocol. Replaces a stale socket. */
export async function listenForControl(
  path: string,
  handle: (request: ControlRequest) => Promise<ControlReply>,
): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, handle));
  server.listen(path);
  await once(server, 'listening');
  return server;
}

function serve(socket: Socket, handle: (request: ControlRequest) => Promise<ControlReply>): void {
  let received = '';
  let answered = false;
  const reply = (answer: ControlReply) => {
    if (socket.writable) socket.end(`${JSON.stringify(answer)}\n`);
  };
  const answerOnce = async (line: string) => {
    if (answered) return;
    answered = true;
    clearTimeout(deadline);
    reply(await answerTo(line, handle));
  };
  const deadline = setTimeout(() => void answerOnce(''), LINE_MS);

  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(deadline));
  socket.on('end', () => void answerOnce(received));
  socket.on('data', (chunk: string) => {
    if (answered) return;
    received += chunk;
    const newline = received.indexOf('\n');
    if (newline >= 0) void answerOnce(received.slice(0, newline));
    else if (received.length > CONTROL_LINE_BYTES) void answerOnce('');
  });
}

async function answerTo(
  line: string,
  handle: (request: ControlRequest) => Promise<ControlReply>,
): Promise<ControlReply> {
  const request = controlRequest.safeParse(parseJson(line));
  if (!request.success) {
    return {
      ok: false,
      error: 'expected one JSON line such as {"restart":"egress"} with a daemon that runs',
    };
  }
  try {
    return await handle(request.data);
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
