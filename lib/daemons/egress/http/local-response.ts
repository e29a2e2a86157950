import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Denial } from '../policy/verdict.ts';
import { prefersJson } from './prefers-json.ts';

/** What egress itself says to the agent, as opposed to what an upstream said. */
export interface Answer {
  readonly status: number;
  /** Machine-readable reason, header `x-bot-bottle-reason`. */
  readonly code: string;
  readonly type: 'text/plain; charset=utf-8' | 'application/json';
  /** Body: plain text for a person or an agent, or JSON for a program. */
  readonly text: string;
}

/** `accept`: the request's own `Accept`; JSON is given to who prefers it. */
export function denialAnswer(denial: Denial, accept?: string): Answer {
  const { status, code, rule, reason, remedy } = denial;
  if (prefersJson(accept)) {
    const text = `${JSON.stringify({ code, rule, reason, ask: remedy })}\n`;
    return { status, code, type: 'application/json', text };
  }
  const text = `bot-bottle egress refused this request (${code}).\n${reason}\n${remedy}\n`;
  return { status, code, type: 'text/plain; charset=utf-8', text };
}

/** `reason` is one sentence and must hold no header value. */
export function failureAnswer(status: 403 | 500 | 502 | 504, code: string, reason: string): Answer {
  const text = `bot-bottle egress could not complete this request (${code}).\n${reason}\n`;
  return { status, code, type: 'text/plain; charset=utf-8', text };
}

/** The headers that go with it. */
export function answerHeaders(answer: Answer): Record<string, string> {
  return {
    'content-type': answer.type,
    'content-length': String(Buffer.byteLength(answer.text)),
    'x-bot-bottle-reason': answer.code,
  };
}

/** Milliseconds that the guest has to read an answer before its socket goes. */
const READ_ANSWER_MS = 2000;

/** Answers on a socket that Node has already detached from HTTP (after CONNECT); closes it. */
export function sendRawAnswer(socket: Duplex, answer: Answer): void {
  const lines = Object.entries({ ...answerHeaders(answer), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Refused'}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${answer.text}`);
  // Closing with unread bytes would send a reset, which can overtake the answer: read them, then let go.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), READ_ANSWER_MS);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}
