import { pipeline, type Readable, type Transform } from 'node:stream';
import { type MemoryBudget, MemoryExhausted, type MemoryShare } from '../../shared/memory-budget.ts';
import { headerOf, valuesOf } from '../../shared/raw-headers.ts';
import { decodersFor } from '../http/content-decoding.ts';
import type { Exchange } from '../http/exchange.ts';
import { agentHeaders, type HeaderLines } from '../http/headers.ts';
import { failureResponse } from '../http/local-response.ts';
import { afterHeadTick, announcedLength, MAX_SHORT, readWhole } from '../http/read-whole.ts';
import type { FailureReason, Reason } from '../http/reasons.ts';
import { passableTrailers } from '../http/trailers.ts';
import { CallCancelled, type UpstreamResponse } from '../upstream/upstream-call.ts';
import { InjectionFound, injectionFilter, isReadable, levelOf } from './injection-filter.ts';
import { ReflectionScrubber } from './reflection.ts';

/** Bytes of a text of known length that are read whole before any of it passes. */
const MAX_JUDGED = 512 * 1024;

/** Bytes that such a text may unpack to. */
const MAX_UNPACKED = 16 * MAX_JUDGED;

export interface PassResponseOptions {
  readonly host: string;
  /** The token that was injected; must not come back. */
  readonly token: string | undefined;
  /** Whether text is looked at for instructions to the agent. */
  readonly inbound: boolean;
  /** For what is held back until it was looked at. */
  readonly budget: MemoryBudget;
  /** Called when an answer that has begun does not come to its end, with the code of the reason. */
  readonly brokeOff: (reason: Reason) => void;
}

/** Passes on what an upstream says ahead of its answer: links to load early, without the token. */
export function passEarlyHints(
  rawHeaders: readonly string[],
  exchange: Exchange,
  token: string | undefined,
): void {
  const scrubber = token === undefined ? undefined : new ReflectionScrubber(token);
  // One by one: Node sends no list.
  const links = valuesOf(rawHeaders, 'link')
    .flatMap((list) => list.split(/,\s*(?=<)/))
    .map((link) => scrubber?.text(link) ?? link);
  if (links.length > 0 && !exchange.hasResponded && !exchange.isAborted) exchange.sendEarlyHints(links);
}

/** Gives the agent an upstream's answer: without the token, and not if it tries to steer the agent. */
export function passResponse(
  incoming: UpstreamResponse,
  exchange: Exchange,
  options: PassResponseOptions,
): void {
  const { token, host } = options;
  const { status, rawHeaders } = incoming;
  const scrubber = token === undefined ? undefined : new ReflectionScrubber(token);
  const sent = agentHeaders(rawHeaders);
  const headers = scrubber === undefined ? sent : scrubber.headers(sent);
  if (exchange.method === 'HEAD' || status === 204 || status === 304) {
    incoming.body.resume();
    exchange.start(status, headers).end();
    return;
  }
  const type = headerOf(rawHeaders, 'content-type') ?? '';
  const looks = options.inbound && isReadable(type);
  const decoders = scrubber === undefined && !looks ? [] : decodersOf(incoming);
  if (decoders === undefined) {
    incoming.body.destroy();
    const reason = `${host} sent an encoding that cannot be looked into.`;
    exchange.respondLocally(failureResponse(502, 'response-unscannable', reason));
    return;
  }
  if (decoders.length > 0) {
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  const transfer: Transfer = { ...options, incoming, exchange, headers, scrubber, looks, decoders };
  pass(transfer, type).catch(() => failUnrepresentable(transfer));
}

/** One answer on its way, and what is to be done to it. */
interface Transfer extends PassResponseOptions {
  readonly incoming: UpstreamResponse;
  readonly exchange: Exchange;
  readonly headers: HeaderLines;
  readonly scrubber: ReflectionScrubber | undefined;
  /** Whether it is text to be looked at. */
  readonly looks: boolean;
  /** What undoes its encoding. */
  readonly decoders: readonly Transform[];
}

/** What undoes the encoding of an answer; a part of a compressed one cannot be undone. */
function decodersOf({ status, rawHeaders }: UpstreamResponse): Transform[] | undefined {
  const encoding = headerOf(rawHeaders, 'content-encoding') ?? '';
  if (status !== 206) return decodersFor(encoding);
  return encoding === '' || encoding === 'identity' ? [] : undefined;
}

/** In one go where all of it is here or has to be read before any of it passes, else as it comes. */
async function pass(transfer: Transfer, type: string): Promise<void> {
  const { incoming, looks, decoders } = transfer;
  const announced = type.startsWith('text/event-stream') ? undefined : announcedLength(incoming.rawHeaders);
  const length = announced ?? Number.POSITIVE_INFINITY;
  const isJudgedWhole = looks && length <= MAX_JUDGED;
  if (decoders.length === 0 && length <= MAX_SHORT) {
    const whole = incoming.take(length) ?? (await takeAfterHeadTick(incoming, length));
    if (whole !== undefined) return give(transfer, whole);
  }
  passTrailers(transfer);
  if (isJudgedWhole) await passWhole(transfer, length);
  else stream(transfer, type === '');
}

async function takeAfterHeadTick(incoming: UpstreamResponse, length: number): Promise<Buffer | undefined> {
  await afterHeadTick();
  return incoming.take(length);
}

function passTrailers({ incoming, exchange, scrubber }: Transfer): void {
  incoming.body.once('end', () => {
    if (incoming.rawTrailers.length === 0) return;
    const trailers = passableTrailers(incoming.rawTrailers);
    exchange.addTrailers(scrubber?.headers(trailers) ?? trailers);
  });
}

/** A status or header that the agent's HTTP has no words for. */
function failUnrepresentable({ incoming, exchange, host }: Transfer): void {
  incoming.body.destroy();
  if (exchange.hasResponded || exchange.isAborted) exchange.abort();
  else
    exchange.respondLocally(
      failureResponse(502, 'upstream-failed', `${host} sent an answer that cannot be passed on.`),
    );
}

/** `mayBeBinary`: the answer does not say what it is. */
function stream({ incoming, exchange, ...transfer }: Transfer, mayBeBinary: boolean): void {
  const { decoders, scrubber, looks } = transfer;
  const filters = [
    ...decoders,
    ...(scrubber === undefined ? [] : [scrubber.stream()]),
    ...(looks ? [injectionFilter(mayBeBinary)] : []),
  ];
  const sink = exchange.start(incoming.status, transfer.headers);
  pipeline([incoming.body, ...filters, sink], (error) => {
    if (error) transfer.brokeOff(breakReason(error));
  });
}

async function passWhole(transfer: Transfer, announced: number): Promise<void> {
  const { incoming, exchange, decoders, host } = transfer;
  if (exchange.isAborted) return void incoming.body.destroy();
  const place = decoders.length === 0 && announced <= MAX_SHORT ? undefined : transfer.budget.open();
  // Not earlier: what was given waits in memory until the agent has read it.
  if (place !== undefined) exchange.onceEnded(place.release);
  let whole: Buffer;
  try {
    whole = await decoded(incoming.body, decoders, place);
    if (decoders.length === 0 && whole.length !== announced) throw new Error('the length is another');
  } catch (error) {
    // At once, so that others which grow at the same time are not refused for what is gone.
    place?.release();
    if (exchange.isAborted) return;
    if (error instanceof MemoryExhausted) {
      const reason = `The answer of ${host} cannot be looked into: ${error.message}.`;
      return exchange.respondLocally(failureResponse(502, 'response-unscannable', reason));
    }
    return exchange.respondLocally(
      failureResponse(502, 'upstream-failed', `The answer of ${host} broke off.`),
    );
  }
  give(transfer, whole);
}

/** Gives the agent a whole answer, unless it is an attack. */
function give({ incoming, exchange, host, scrubber, ...transfer }: Transfer, whole: Buffer): void {
  if (exchange.isAborted) return;
  const body = scrubber?.bytes(whole) ?? whole;
  const level = transfer.looks ? levelOf(body) : 'none';
  if (level === 'high') {
    const reason = `The answer of ${host} holds instructions to an agent that look like an attack.`;
    exchange.respondLocally(failureResponse(403, 'injection-found', reason));
    return;
  }
  const { headers } = transfer;
  headers['content-length'] = String(body.length);
  if (level === 'medium') headers['x-bot-bottle-warning'] = 'possible-prompt-injection';
  exchange.respond(incoming.status, headers, body);
}

/** @throws MemoryExhausted; Error when it breaks off, cannot be decoded, or unpacks to more than can be judged. */
function decoded(
  source: Readable,
  decoders: readonly Transform[],
  place: MemoryShare | undefined,
): Promise<Buffer> {
  const last = decoders.at(-1);
  if (last !== undefined) pipeline([source, ...decoders], () => {});
  return readWhole(last ?? source, MAX_UNPACKED, place);
}

/** Why an answer that had begun did not come to its end. */
function breakReason(error: unknown): FailureReason {
  if (error instanceof InjectionFound) return 'injection-found';
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof CallCancelled || cause instanceof CallCancelled) return 'client-gone';
  // What the stream to the guest says when it closes early; the upstream's own says more.
  const isClosed = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
  return isClosed ? 'client-gone' : 'upstream-failed';
}
