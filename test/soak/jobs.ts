import { createHash } from 'node:crypto';
import type { Random } from '../fuzz/random.ts';

/** One request of an agent, and what the right response to it is. */
export interface Job {
  readonly kind: string;
  readonly path: string;
  /** If absent, the request is a GET. */
  readonly body?: Buffer;
  /** Whether the response body is complete and correct. */
  readonly isRight: (answer: Buffer) => boolean;
}

/**
 * Megabytes that Node may hold per HTTP/2 session, at either end. The default of 10 is less than the agents
 * request at once.
 */
export const SESSION_MB = 2000;

const MIB = 1024 * 1024;
const EVENTS = 10;

/** The body of a long response. */
export const longAnswer = (bytes: number): Buffer => Buffer.alloc(bytes, 'all work and no play ');

/** What the upstream returns for a request body. */
export const receipt = (body: Buffer): string =>
  JSON.stringify({ bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });

export const event = (number: number): string => `data: event ${number}\n\n`;

function upload(kind: string, bytes: number): Job {
  const body = Buffer.alloc(bytes, 'lorem ipsum dolor sit amet ');
  return { kind, path: '/', body, isRight: (answer) => answer.toString() === receipt(body) };
}

function download(kind: string, bytes: number): Job {
  const path = `/${kind}/${bytes}`;
  return { kind, path, isRight: (answer) => answer.equals(longAnswer(bytes)) };
}

/** Percentages of requests by kind; the rest are event streams. */
const SHARES = { short: 40, long: 25, held: 4, download: 12, chunked: 12, events: 7 };

/** Picks a short or long upload, a download of known or unknown length, or an event stream. */
export function someJob(random: Random): Job {
  let left = random.below(100);
  const is = (share: number) => {
    left -= share;
    return left < 0;
  };
  if (is(SHARES.short)) return upload('short upload', 1 + random.below(2000));
  if (is(SHARES.long)) return upload('long upload', 1 + random.below(200_000));
  if (is(SHARES.held)) return upload('held upload', 4 * MIB + random.below(3 * MIB));
  if (is(SHARES.download)) return download('download', random.below(3 * MIB));
  if (is(SHARES.chunked)) return download('chunked', random.below(3 * MIB));
  const all = Array.from({ length: EVENTS }, (_, index) => event(index)).join('');
  return { kind: 'events', path: `/events/${EVENTS}`, isRight: (answer) => answer.toString() === all };
}
