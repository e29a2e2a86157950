import { pipeline, type Readable } from 'node:stream';
import { UnscannableBody } from '../detection/unscannable-body.ts';
import type { HeldBudget } from '../shared/memory-budget.ts';
import type { Exchange } from './http/exchange.ts';
import { type HeaderLines, upstreamHeaders } from './http/headers.ts';
import { passableTrailers } from './http/trailers.ts';
import { passAnswer, passHint } from './inbound/pass-response.ts';
import { upstreamFailure } from './inbound/upstream-failure.ts';
import { type Cleared, drop } from './outbound/approved-request.ts';
import { LateFinding } from './outbound/held-body.ts';
import type { Admission } from './policy/verdict.ts';
import type { CallListeners, OpenCall, UpstreamRequest, UpstreamUpgrade } from './upstream/upstream-call.ts';
import type { Upstreams } from './upstream/upstreams.ts';

/** How a request for another protocol goes on. */
export interface Upgrade {
  /** The headers of the request, with what an upstream needs to agree. */
  requestHeaders(headers: HeaderLines): HeaderLines;
  /** Takes over from an upstream that did. @throws Error, and answers nobody, when it did not really. */
  agreed(upgrade: UpstreamUpgrade): void;
}

export interface ForwardOptions {
  readonly admission: Admission;
  /** What of the request may leave. */
  readonly cleared: Cleared;
  readonly secure: boolean;
  /** Present when the agent asks for another protocol. */
  readonly upgrade: Upgrade | undefined;
  readonly upstreams: Upstreams;
  /** Value of each token slot. */
  readonly tokens: ReadonlyMap<string, string>;
  /** For what of the answer is held back until it was looked at. */
  readonly budget: HeldBudget;
  /** Called with the kinds of secrets that were found in what was already on its way. */
  readonly found: (types: readonly string[]) => void;
  /** Called when an answer that has begun does not come to its end, with the code of the reason. */
  readonly brokeOff: (reason: string) => void;
}

/** Sends an admitted request upstream and its answer back, both streamed at the pace of the slower side. */
export async function forward(exchange: Exchange, options: ForwardOptions): Promise<void> {
  const { rule, host, port } = options.admission;
  const token = rule.auth === undefined ? undefined : options.tokens.get(rule.auth.slot);
  let hasAnswer = false;
  const fail = (error: unknown) => {
    if (hasAnswer || exchange.isAnswered || exchange.isGone) return;
    exchange.answer(upstreamFailure(host, error));
  };

  const { upgrade } = options;
  const upgraded = (agreement: UpstreamUpgrade) => {
    try {
      upgrade?.agreed(agreement);
      hasAnswer = true;
    } catch (error) {
      agreement.stream.destroy();
      fail(error);
    }
  };
  const { cleared } = options;
  try {
    if (exchange.isGone) return drop(cleared, exchange);
    const http2 = exchange.protocol === 'h2';
    const upstream = await options.upstreams.reach({ rule, host, port, secure: options.secure, http2 });
    if (exchange.isGone) return drop(cleared, exchange);
    const listeners: CallListeners = {
      failed: fail,
      hinted: (rawHeaders) => passHint(rawHeaders, exchange, token),
      answered: (answer) => {
        try {
          passAnswer(answer, exchange, {
            host,
            token,
            inbound: rule.scan.inbound,
            budget: options.budget,
            brokeOff: options.brokeOff,
          });
        } catch (error) {
          // A status or header that the agent's HTTP has no words for.
          answer.body.destroy();
          return fail(error);
        }
        hasAnswer = true;
      },
      ...(upgrade === undefined ? {} : { upgraded }),
    };
    const body = wholeBody(exchange, options);
    const request = upstreamRequest(exchange, options, body);
    if (body !== undefined) {
      const call = upstream.send(request, body, listeners);
      exchange.onceOver(() => call.cancel());
      return;
    }
    const call = upstream.open(request, listeners);
    exchange.onceOver(() => call.cancel());
    sendBody(cleared.body, call, exchange, (error) => {
      const isFinding = error instanceof LateFinding;
      if (isFinding) options.found([...new Set(error.findings.map(({ type }) => type))]);
      fail(error);
      options.brokeOff(isFinding ? 'secret-found' : 'body-unscannable');
    });
  } catch (error) {
    drop(cleared, exchange);
    fail(error);
  }
}

const NO_BODY = Buffer.alloc(0);

/** All that follows the head of the request, if that is known by now. */
function wholeBody(exchange: Exchange, { cleared, upgrade }: ForwardOptions): Buffer | undefined {
  if (upgrade !== undefined) return undefined;
  if (!exchange.hasBody) return NO_BODY;
  return Buffer.isBuffer(cleared.body) && exchange.rawTrailers.length === 0 ? cleared.body : undefined;
}

function sendBody(
  body: Readable | Buffer,
  call: OpenCall,
  exchange: Exchange,
  cutOff: (error: LateFinding | UnscannableBody) => void,
): void {
  if (!exchange.hasBody) {
    call.body.end();
    return;
  }
  const addTrailers = () => {
    if (exchange.rawTrailers.length > 0) call.addTrailers(passableTrailers(exchange.rawTrailers));
  };
  if (Buffer.isBuffer(body)) {
    addTrailers();
    call.body.end(body);
    return;
  }
  body.once('end', addTrailers);
  if (body === exchange.body) {
    body.pipe(call.body);
    return;
  }
  // The request itself stays open after a failure: the agent is still to read why.
  pipeline(body, call.body, (error) => {
    if (error instanceof LateFinding || error instanceof UnscannableBody) cutOff(error);
  });
}

function upstreamRequest(
  { method, hasBody }: Exchange,
  options: ForwardOptions,
  body: Buffer | undefined,
): UpstreamRequest {
  const { host, port } = options.admission;
  const { path, query, rawHeaders } = options.cleared;
  const headers = upstreamHeaders(rawHeaders, {
    host: port === (options.secure ? 443 : 80) ? host : `${host}:${port}`,
    authorization: authorization(options),
    hasBody,
    bodyLength: body?.length,
  });
  return {
    method,
    hasBody,
    path: `${path}${query}`,
    headers: options.upgrade?.requestHeaders(headers) ?? headers,
  };
}

/** @throws Error when the token is gone, so that no request ever leaves without the one its route promises. */
function authorization({ admission, tokens }: ForwardOptions): string | undefined {
  const { auth } = admission.rule;
  if (auth === undefined) return undefined;
  const token = tokens.get(auth.slot);
  if (token === undefined) throw new Error(`slot ${auth.slot} is empty`);
  return `${auth.scheme} ${token}`;
}
