import { pipeline, Readable, type Transform, type Writable } from 'node:stream';
import { failureAnswer } from './answer.ts';
import { decodersFor } from './dlp/content-decoding.ts';
import type { Exchange } from './exchange.ts';
import { agentHeaders, type HeaderLines, headerOf, valuesOf } from './headers.ts';
import { InjectionFound, injectionFilter, isReadable, levelOf } from './inbound-filter.ts';
import { ReflectionScrubber } from './reflection.ts';
import { passableTrailers } from './trailers.ts';
import type { UpstreamAnswer } from './upstream-call.ts';

/** Bytes of a text of known length that are read whole before any of it passes. */
const MAX_JUDGED = 512 * 1024;

export interface PassOptions {
  readonly host: string;
  /** The token that was injected; must not come back. */
  readonly token: string | undefined;
  /** Whether text is looked at for instructions to the agent. */
  readonly inbound: boolean;
  /** Called when an answer that has begun does not come to its end, with the code of the reason. */
  readonly brokeOff: (reason: string) => void;
}

/** Passes on what an upstream says ahead of its answer: links to load early, without the token. */
export function passHint(rawHeaders: readonly string[], exchange: Exchange, token: string | undefined): void {
  const scrubber = token === undefined ? undefined : new ReflectionScrubber(token);
  // One by one: Node sends no list.
  const links = valuesOf(rawHeaders, 'link')
    .flatMap((list) => list.split(/,\s*(?=<)/))
    .map((link) => scrubber?.text(link) ?? link);
  if (links.length > 0 && !exchange.isAnswered && !exchange.isGone) exchange.hint(links);
}

/** Gives the agent an upstream's answer: without the token, and not if it tries to steer the agent. */
export function passAnswer(incoming: UpstreamAnswer, exchange: Exchange, options: PassOptions): void {
  const { token, host } = options;
  const { status, rawHeaders, body } = incoming;
  const scrubber = token === undefined ? undefined : new ReflectionScrubber(token);
  const sent = agentHeaders(rawHeaders);
  const headers = scrubber === undefined ? sent : scrubber.headers(sent);
  const hasBody = exchange.method !== 'HEAD' && status !== 204 && status !== 304;
  const type = headerOf(rawHeaders, 'content-type');
  const looks = options.inbound && isReadable(type ?? '');
  const start = (given: HeaderLines = headers) => exchange.start(status, given);
  const ended = (error: unknown) => {
    if (error) options.brokeOff(breakCode(error));
  };

  if (!hasBody) {
    body.resume();
    start().end();
    return;
  }
  body.once('end', () => {
    const trailers = passableTrailers(incoming.rawTrailers);
    exchange.addTrailers(scrubber?.headers(trailers) ?? trailers);
  });
  if (scrubber === undefined && !looks) {
    pipeline(body, start(), ended);
    return;
  }
  const decoders = decodersOf(incoming);
  if (decoders === undefined) {
    body.destroy();
    const reason = `${host} sent an encoding that cannot be looked into.`;
    exchange.answer(failureAnswer(502, 'response-unscannable', reason));
    return;
  }
  if (decoders.length > 0) {
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  const filters: Transform[] = [...decoders, ...(scrubber === undefined ? [] : [scrubber.stream()])];
  if (looks && isShortText(incoming)) {
    judge(body, filters, exchange, { headers, host, start, ended }).catch(() => exchange.abort());
    return;
  }
  const watch = looks ? [injectionFilter(type === undefined)] : [];
  pipeline([body, ...filters, ...watch, start()], ended);
}

/** What undoes the encoding of an answer; a part of a compressed one cannot be undone. */
function decodersOf({ status, rawHeaders }: UpstreamAnswer): Transform[] | undefined {
  const encoding = headerOf(rawHeaders, 'content-encoding') ?? '';
  if (status !== 206) return decodersFor(encoding);
  return encoding === '' || encoding === 'identity' ? [] : undefined;
}

function isShortText({ rawHeaders }: UpstreamAnswer): boolean {
  const length = Number(headerOf(rawHeaders, 'content-length') ?? Number.NaN);
  return (
    length <= MAX_JUDGED && !(headerOf(rawHeaders, 'content-type') ?? '').startsWith('text/event-stream')
  );
}

interface Judged {
  readonly headers: HeaderLines;
  readonly host: string;
  readonly start: (headers: HeaderLines) => Writable;
  readonly ended: (error: unknown) => void;
}

async function judge(
  source: Readable,
  filters: readonly Transform[],
  exchange: Exchange,
  { headers, host, start, ended }: Judged,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const last = filters.at(-1);
    if (last !== undefined) pipeline([source, ...filters], () => {});
    for await (const chunk of last ?? source) {
      const bytes: Buffer = chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size > 16 * MAX_JUDGED) throw new Error('unpacks to more than can be judged');
    }
  } catch {
    if (exchange.isGone) return;
    return exchange.answer(failureAnswer(502, 'upstream-failed', `The answer of ${host} broke off.`));
  }
  if (exchange.isGone) return;
  const body = Buffer.concat(chunks);
  const level = levelOf(body);
  if (level === 'high') {
    const reason = `The answer of ${host} holds instructions to an agent that look like an attack.`;
    return exchange.answer(failureAnswer(403, 'injection-found', reason));
  }
  if (level === 'medium') headers['x-bot-bottle-warning'] = 'possible-prompt-injection';
  const sink = start({ ...headers, 'content-length': String(body.length) });
  pipeline(Readable.from([body]), sink, ended);
}

/** Why an answer that had begun did not come to its end. */
function breakCode(error: unknown): string {
  if (error instanceof InjectionFound) return 'injection-found';
  // What the stream to the guest says when it closes early; the upstream's own says more.
  const isClosed = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
  return isClosed ? 'client-gone' : 'upstream-failed';
}
