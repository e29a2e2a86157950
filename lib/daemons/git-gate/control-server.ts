import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import {
  type GateRequest,
  gateRequest,
  MAX_LINE,
  type PushEnd,
  pushEnd,
} from '../contract/git-gate/control.ts';
import { jsonLines, sendLine } from '../shared/json-lines.ts';
import { pushEntry, requestEntry } from './audit/entry.ts';
import type { Gate } from './gate.ts';

export interface ControlOptions {
  readonly path: string;
  readonly gate: Gate;
  /** Takes the entry of each fetch, and of each push that asked for something. */
  readonly audit: (entry: ReturnType<typeof pushEntry>) => void;
}

/** Listens on the gate's Unix socket. Replaces a stale one. */
export async function listenForRequests(options: ControlOptions): Promise<Server> {
  await rm(options.path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket, options)
      // What is no request, or breaks off, has nobody who would read an answer.
      .catch(() => {})
      .finally(() => socket.end());
  });
  server.listen(options.path);
  await once(server, 'listening');
  await chmod(options.path, 0o600);
  return server;
}

async function serve(socket: Socket, options: ControlOptions): Promise<void> {
  const lines = jsonLines(socket, MAX_LINE);
  const first = await lines.next();
  if (first.done === true) return;
  const request = gateRequest.parse(first.value);
  if (request.do === 'push') await hold(socket, request, lines, options);
  else if (request.do === 'ended') {
    options.audit(requestEntry(request, await options.gate.refs(request.repo)));
    sendLine(socket, { ok: true, text: '' });
  } else sendLine(socket, await options.gate.answer(request));
}

/** A push lasts as long as its connection. */
async function hold(
  socket: Socket,
  { repo, push: id }: Extract<GateRequest, { do: 'push' }>,
  lines: AsyncGenerator<unknown>,
  { gate, audit }: ControlOptions,
): Promise<void> {
  const push = gate.open(repo, id, () => sendLine(socket, { forwarding: true }));
  sendLine(socket, { ok: push !== undefined, text: '' });
  if (push === undefined) return;
  let traffic: PushEnd | undefined;
  try {
    for await (const line of lines) traffic = pushEnd.parse(line);
  } finally {
    const account = await push.end();
    gate.close(id);
    if (account.commands.length > 0) audit(pushEntry(account, traffic));
  }
}
