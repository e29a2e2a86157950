import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Reason } from './reasons.ts';

/** A response that egress makes itself, as opposed to one from an upstream. */
export interface LocalResponse {
  readonly status: number;
  /** Sent as the header `x-bot-bottle-reason`. */
  readonly code: Reason;
  readonly type: 'text/plain; charset=utf-8' | 'application/json';
  /** Body: plain text for a person or an agent, or JSON for a program. */
  readonly text: string;
  /** What HTTP/1.1 clients that hide the body show: see `statusText`. Absent: the usual text of the status. */
  readonly summary?: string;
  /** Whether the connection closes after it. */
  readonly isLast?: boolean;
}

/** `reason` is one sentence and must not contain header values. */
export function failureResponse(status: 403 | 500 | 502 | 504, code: Reason, reason: string): LocalResponse {
  const text = `bot-bottle egress could not complete this request (${code}).\n${reason}\n`;
  return { status, code, type: 'text/plain; charset=utf-8', text, summary: reason };
}

/** Longest text of a status line, in characters. */
const MAX_STATUS_TEXT = 400;

/**
 * The text of the status line: reason code and summary in printable ASCII. Of a CONNECT that was not accepted, and often
 * of other responses too, it is all that clients print.
 */
export function statusText({ status, code, summary }: LocalResponse): string {
  if (summary === undefined) return STATUS_CODES[status] ?? 'Refused';
  const plain = `${code}: ${summary}`.replaceAll('’', "'").replace(/[^\x20-\x7e]+/g, '?');
  return plain.slice(0, MAX_STATUS_TEXT);
}

export function localResponseHeaders(response: LocalResponse): Record<string, string> {
  return {
    'content-type': response.type,
    'content-length': String(Buffer.byteLength(response.text)),
    'x-bot-bottle-reason': response.code,
  };
}

/** Milliseconds for the agent to read a response before its socket is destroyed. */
const READ_RESPONSE_MS = 2000;

/** Responds on a socket that Node has already detached from HTTP (after CONNECT), then closes it. */
export function sendRawResponse(socket: Duplex, response: LocalResponse): void {
  const lines = Object.entries({ ...localResponseHeaders(response), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const status = `HTTP/1.1 ${response.status} ${statusText(response)}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${response.text}`);
  // Closing with unread bytes would send a reset, which can overtake the response. Read them first.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), READ_RESPONSE_MS);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}

/** Whether an `Accept` header prefers JSON to text. A bare wildcard expresses no preference. */
export function prefersJson(accept: string | undefined): boolean {
  let json = 0;
  let text = 0;
  for (const range of (accept ?? '').slice(0, 1024).split(',')) {
    const [type = '', ...parameters] = range.toLowerCase().split(';');
    const quality = parameters.map((parameter) => /^\s*q=([0-9.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
    const weight = quality === undefined ? 1 : Number(quality);
    if (/^application\/([a-z0-9.-]+\+)?json$/.test(type.trim())) json = Math.max(json, weight);
    if (/^text\//.test(type.trim())) text = Math.max(text, weight);
  }
  return json > 0 && json >= text;
}
