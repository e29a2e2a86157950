import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Decision } from '../contract/supervise/decision.ts';
import { type HeldAnswer, heldQuestion, MAX_HELD_LINE } from '../contract/supervise/held.ts';
import { HELD_TTL_MS } from '../contract/supervise/limits.ts';
import type { Proposal } from '../contract/supervise/proposal.ts';
import { jsonLines, sendLine } from '../shared/json-lines.ts';
import { awaitDecision, TIMINGS, type Timings } from './await-decision.ts';
import type { Proposals } from './proposals.ts';

/** Until a proposal has expired, or for as long as a call of the agent waits while nobody watches. */
export const HELD_TIMINGS: Timings = { ...TIMINGS, answerMs: HELD_TTL_MS + 5000 };

/** Requests that egress can ask about at once; it holds fewer itself. */
const MAX_QUESTIONS = 64;

export interface HeldOptions {
  readonly path: string;
  readonly proposals: Proposals;
  /** Whether nobody is there to decide. */
  readonly deniesAll: boolean;
  readonly timings: Timings;
  readonly report: (text: string) => void;
}

/** Takes egress's questions about requests that it holds, on a Unix socket. Replaces a stale one. */
export async function listenForHeld(options: HeldOptions): Promise<Server> {
  await rm(options.path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    answer(socket, options)
      .catch((error: unknown) => {
        if (!socket.destroyed) options.report(`a question of egress failed: ${String(error)}`);
      })
      .finally(() => socket.end());
  });
  server.maxConnections = MAX_QUESTIONS;
  server.listen(options.path);
  await once(server, 'listening');
  await chmod(options.path, 0o600);
  return server;
}

async function answer(socket: Socket, { proposals, deniesAll, timings }: HeldOptions): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const lines = jsonLines(socket, MAX_HELD_LINE);
  const first = await lines.next();
  if (first.done === true) return;
  // Only what reads on is told that egress has hung up.
  lines.next().then(
    () => gone.abort(),
    () => gone.abort(),
  );
  const question = heldQuestion.parse(first.value);
  const send = (line: HeldAnswer) => sendLine(socket, line);
  if (deniesAll) return send({ state: 'unattended' });
  const proposed = await proposals.propose(question);
  if ('refused' in proposed) return send({ state: 'refused', reason: proposed.refused });
  const { id } = proposed;
  sendLine(socket, { state: 'waiting', id });
  const waiting = { signal: gone.signal, progress: async () => {} };
  const { decision } = await awaitDecision(proposals, id, waiting, timings);
  send(decision === undefined ? unwatched(proposed) : decided(decision));
}

function unwatched({ id, expires }: Proposal): HeldAnswer {
  return { state: 'unwatched', id, expires };
}

function decided({ id, verdict }: Decision): HeldAnswer {
  switch (verdict.state) {
    case 'approved':
    case 'expired':
      return { state: verdict.state, id };
    case 'rejected':
    case 'failed':
      return { state: verdict.state, id, reason: verdict.reason };
    default:
      throw new Error(`${id} is decided as ${verdict.state}`);
  }
}
