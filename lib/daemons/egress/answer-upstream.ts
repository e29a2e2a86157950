import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { failureAnswer, sendAnswer } from './answer.ts';
import { decodersFor } from './dlp/content-decoding.ts';
import { agentHeaders, type HeaderLines } from './headers.ts';
import { injectionFilter, isReadable, levelOf } from './inbound-filter.ts';
import { ReflectionScrubber } from './reflection.ts';

/** Bytes of a text of known length that are read whole before any of it passes. */
const MAX_JUDGED = 512 * 1024;

export interface PassOptions {
  readonly host: string;
  /** The token that was injected; must not come back. */
  readonly token: string | undefined;
  /** Whether text is looked at for instructions to the agent. */
  readonly inbound: boolean;
  /** Whether the request was HEAD, which has an answer without a body. */
  readonly isHead: boolean;
  /** Called once, with the status the agent gets. */
  readonly answered: (status: number, reason?: string) => void;
}

/** Gives the agent an upstream's answer: without the token, and not if it tries to steer the agent. */
export function passAnswer(incoming: IncomingMessage, response: ServerResponse, options: PassOptions): void {
  const { token, answered, host } = options;
  const status = incoming.statusCode ?? 502;
  const headers = agentHeaders(incoming.rawHeaders);
  const scrubber = token === undefined ? undefined : new ReflectionScrubber(token);
  if (scrubber !== undefined) scrubHeaders(headers, scrubber);
  const hasBody = !options.isHead && status !== 204 && status !== 304;
  const looks = options.inbound && isReadable(incoming.headers['content-type'] ?? '');
  response.sendDate = false;

  if (!hasBody || (scrubber === undefined && !looks)) {
    start(response, status, headers, answered);
    pipeline(incoming, response, () => {});
    return;
  }
  const decoders =
    status === 206 ? undecoded(incoming) : decodersFor(incoming.headers['content-encoding'] ?? '');
  if (decoders === undefined) {
    incoming.destroy();
    const answer = failureAnswer(
      502,
      'response-unscannable',
      `${host} sent an encoding that cannot be looked into.`,
    );
    answered(answer.status, answer.code);
    sendAnswer(response, answer);
    return;
  }
  if (decoders.length > 0) {
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  const filters: Transform[] = [...decoders, ...(scrubber === undefined ? [] : [scrubber.stream()])];
  if (looks && isShortText(incoming)) {
    judge(incoming, filters, response, { status, headers, host, answered }).catch(() => response.destroy());
    return;
  }
  start(response, status, headers, answered);
  pipeline(
    [
      incoming,
      ...filters,
      ...(looks ? [injectionFilter(incoming.headers['content-type'] === undefined)] : []),
      response,
    ],
    () => {},
  );
}

/** Headers go out before the first byte of a body that may be minutes away (server-sent events). */
function start(
  response: ServerResponse,
  status: number,
  headers: HeaderLines,
  answered: PassOptions['answered'],
): void {
  response.writeHead(status, headers);
  response.flushHeaders();
  answered(status);
}

/** A part of a compressed body cannot be undone. */
function undecoded(incoming: IncomingMessage): Transform[] | undefined {
  return (incoming.headers['content-encoding'] ?? 'identity') === 'identity' ? [] : undefined;
}

function isShortText({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? Number.NaN);
  return length <= MAX_JUDGED && !(headers['content-type'] ?? '').startsWith('text/event-stream');
}

interface Judged {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly host: string;
  readonly answered: PassOptions['answered'];
}

async function judge(
  incoming: IncomingMessage,
  filters: readonly Transform[],
  response: ServerResponse,
  { status, headers, host, answered }: Judged,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const last = filters.at(-1);
    if (last !== undefined) pipeline([incoming, ...filters], () => {});
    for await (const chunk of last ?? incoming) {
      const bytes: Buffer = chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size > 16 * MAX_JUDGED) throw new Error('unpacks to more than can be judged');
    }
  } catch {
    if (response.destroyed) return;
    const answer = failureAnswer(502, 'upstream-failed', `The answer of ${host} broke off.`);
    answered(answer.status, answer.code);
    return sendAnswer(response, answer);
  }
  if (response.destroyed) return;
  const body = Buffer.concat(chunks);
  const level = levelOf(body);
  if (level === 'high') {
    const reason = `The answer of ${host} holds instructions to an agent that look like an attack.`;
    const answer = failureAnswer(403, 'injection-found', reason);
    answered(answer.status, answer.code);
    return sendAnswer(response, answer);
  }
  if (level === 'medium') headers['x-bot-bottle-warning'] = 'possible-prompt-injection';
  start(response, status, { ...headers, 'content-length': String(body.length) }, answered);
  response.end(body);
}

function scrubHeaders(headers: HeaderLines, scrubber: ReflectionScrubber): void {
  for (const [name, value] of Object.entries(headers)) {
    headers[name] = Array.isArray(value) ? value.map((line) => scrubber.text(line)) : scrubber.text(value);
  }
}
