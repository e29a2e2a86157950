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
import { CallCanceled, type UpstreamResponse } from '../upstream/upstream-call.ts';
import { type Heard, heardText, MAX_HEARD } from './heard-text.ts';
import { InjectionFound, injectionFilter, isReadable, levelOf } from './injection-filter.ts';
import { type ReflectionScrubber, scrubberFor } from './reflection.ts';

/** Bytes of a text of known length that is read completely before any of it is sent. */
const MAX_JUDGED = 512 * 1024;

/** Bytes that such a text may decode to. */
const MAX_UNPACKED = 16 * MAX_JUDGED;

export interface SendResponseOptions {
  readonly host: string;
  /** The tokens that requests to the host get; none may be reflected. */
  readonly tokens: readonly string[];
  /** Whether text is scanned for prompt injection. */
  readonly inbound: boolean;
  /** Memory for data that is held until it has been scanned. */
  readonly budget: MemoryBudget;
  readonly heard: Heard;
  /** Called with the reason when a response that has begun does not complete. */
  readonly brokeOff: (reason: Reason) => void;
}

/** Forwards what an upstream sends ahead of its response: links to load early, without the tokens. */
export function sendEarlyHints(
  rawHeaders: readonly string[],
  exchange: Exchange,
  tokens: readonly string[],
): void {
  const scrubber = scrubberFor(tokens);
  // One by one: Node does not send lists.
  const links = valuesOf(rawHeaders, 'link')
    .flatMap((list) => list.split(/,\s*(?=<)/))
    .map((link) => scrubber?.text(link) ?? link);
  if (links.length > 0 && !exchange.hasResponded && !exchange.isAborted) exchange.sendEarlyHints(links);
}

/** Sends an upstream's response to the agent, without the tokens, and not if it contains prompt injection. */
export function sendResponse(
  incoming: UpstreamResponse,
  exchange: Exchange,
  options: SendResponseOptions,
): void {
  const { tokens, host } = options;
  const { status, rawHeaders } = incoming;
  options.heard.headers(rawHeaders);
  const scrubber = scrubberFor(tokens);
  const forwarded = agentHeaders(rawHeaders);
  const headers = scrubber === undefined ? forwarded : scrubber.headers(forwarded);
  if (exchange.method === 'HEAD' || status === 204 || status === 304) {
    incoming.body.resume();
    exchange.start(status, headers).end();
    return;
  }
  const type = headerOf(rawHeaders, 'content-type') ?? '';
  const scansInbound = options.inbound && isReadable(type);
  const isText = isReadable(type) && !type.startsWith('text/event-stream');
  const decoders = scrubber === undefined && !scansInbound ? [] : decodersOf(incoming);
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
  const transfer: Transfer = {
    ...options,
    incoming,
    exchange,
    headers,
    scrubber,
    isText,
    scansInbound,
    decoders,
  };
  send(transfer, type).catch(() => failUnrepresentable(transfer));
}

/** One response being sent, and what has to be done to it. */
interface Transfer extends SendResponseOptions {
  readonly incoming: UpstreamResponse;
  readonly exchange: Exchange;
  readonly headers: HeaderLines;
  readonly scrubber: ReflectionScrubber | undefined;
  readonly isText: boolean;
  /** Whether it is text to be scanned for prompt injection. */
  readonly scansInbound: boolean;
  /** Decoders for its encoding. */
  readonly decoders: readonly Transform[];
}

/** The decoders for a response; `undefined` if it cannot be decoded, such as a part of a compressed one. */
function decodersOf({ status, rawHeaders }: UpstreamResponse): Transform[] | undefined {
  const encoding = headerOf(rawHeaders, 'content-encoding') ?? '';
  if (status !== 206) return decodersFor(encoding);
  return encoding === '' || encoding === 'identity' ? [] : undefined;
}

/** Sends in one go what has arrived completely or must be read before any of it is sent; streams the rest. */
async function send(transfer: Transfer, type: string): Promise<void> {
  const { incoming, scansInbound, decoders } = transfer;
  const announced = type.startsWith('text/event-stream') ? undefined : announcedLength(incoming.rawHeaders);
  const length = announced ?? Number.POSITIVE_INFINITY;
  const isJudgedWhole = scansInbound && length <= MAX_JUDGED;
  if (decoders.length === 0 && length <= MAX_SHORT) {
    const whole = incoming.take(length) ?? (await takeAfterHeadTick(incoming, length));
    if (whole !== undefined) return sendBody(transfer, whole);
  }
  forwardTrailers(transfer);
  if (isJudgedWhole) await readAndSend(transfer, length);
  else streamBody(transfer, type === '');
}

async function takeAfterHeadTick(incoming: UpstreamResponse, length: number): Promise<Buffer | undefined> {
  await afterHeadTick();
  return incoming.take(length);
}

function forwardTrailers({ incoming, exchange, scrubber }: Transfer): void {
  incoming.body.once('end', () => {
    if (incoming.rawTrailers.length === 0) return;
    const trailers = passableTrailers(incoming.rawTrailers);
    exchange.addTrailers(scrubber?.headers(trailers) ?? trailers);
  });
}

/** For a status or header that the agent's HTTP version cannot express. */
function failUnrepresentable({ incoming, exchange, host }: Transfer): void {
  incoming.body.destroy();
  if (exchange.hasResponded || exchange.isAborted) exchange.abort();
  else
    exchange.respondLocally(
      failureResponse(502, 'upstream-failed', `${host} sent an answer that cannot be passed on.`),
    );
}

/** `mayBeBinary`: the response does not declare its type. */
function streamBody({ incoming, exchange, ...transfer }: Transfer, mayBeBinary: boolean): void {
  const { decoders, scrubber, scansInbound } = transfer;
  const filters = [
    ...decoders,
    ...(scrubber === undefined ? [] : [scrubber.stream()]),
    ...(scansInbound ? [injectionFilter(mayBeBinary)] : []),
    ...(transfer.isText ? [heardText(transfer.heard, transfer.budget)] : []),
  ];
  const sink = exchange.start(incoming.status, transfer.headers);
  pipeline([incoming.body, ...filters, sink], (error) => {
    if (error) transfer.brokeOff(breakReason(error));
  });
}

async function readAndSend(transfer: Transfer, announced: number): Promise<void> {
  const { incoming, exchange, decoders, host } = transfer;
  if (exchange.isAborted) return void incoming.body.destroy();
  const share = decoders.length === 0 && announced <= MAX_SHORT ? undefined : transfer.budget.open();
  // Not earlier: the body stays in memory until the agent has read it.
  if (share !== undefined) exchange.onceEnded(share.release);
  let whole: Buffer;
  try {
    whole = await decoded(incoming.body, decoders, share);
    if (decoders.length === 0 && whole.length !== announced) throw new Error('the length is another');
  } catch (error) {
    // At once, so that other transfers growing at the same time are not refused memory that is already free.
    share?.release();
    if (exchange.isAborted) return;
    if (error instanceof MemoryExhausted) {
      const reason = `The answer of ${host} cannot be looked into: ${error.message}.`;
      return exchange.respondLocally(failureResponse(502, 'response-unscannable', reason));
    }
    return exchange.respondLocally(
      failureResponse(502, 'upstream-failed', `The answer of ${host} broke off.`),
    );
  }
  sendBody(transfer, whole);
}

/** Sends a complete response to the agent, unless it is an attack. */
function sendBody({ incoming, exchange, host, scrubber, ...transfer }: Transfer, whole: Buffer): void {
  if (exchange.isAborted) return;
  const body = scrubber?.bytes(whole) ?? whole;
  const level = transfer.scansInbound ? levelOf(body) : 'none';
  if (level === 'high') {
    const reason = `The answer of ${host} holds instructions to an agent that look like an attack.`;
    exchange.respondLocally(failureResponse(403, 'injection-found', reason));
    return;
  }
  if (transfer.isText && body.length <= MAX_HEARD) transfer.heard.body(body);
  const { headers } = transfer;
  headers['content-length'] = String(body.length);
  if (level === 'medium') headers['x-bot-bottle-warning'] = 'possible-prompt-injection';
  exchange.respond(incoming.status, headers, body);
}

/** @throws MemoryExhausted; Error when it breaks off, cannot be decoded, or exceeds `MAX_UNPACKED` bytes. */
function decoded(
  source: Readable,
  decoders: readonly Transform[],
  share: MemoryShare | undefined,
): Promise<Buffer> {
  const last = decoders.at(-1);
  if (last !== undefined) pipeline([source, ...decoders], () => {});
  return readWhole(last ?? source, MAX_UNPACKED, share);
}

/** Why a response that had begun did not complete. */
function breakReason(error: unknown): FailureReason {
  if (error instanceof InjectionFound) return 'injection-found';
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof CallCanceled || cause instanceof CallCanceled) return 'client-gone';
  // The error when the stream to the agent closes early. An upstream that breaks off has a more specific one.
  const isClosed = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
  return isClosed ? 'client-gone' : 'upstream-failed';
}
