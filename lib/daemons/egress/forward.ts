import { pipeline, type Readable } from 'node:stream';
import { passAnswer } from './answer-upstream.ts';
import type { Cleared } from './cleared.ts';
import { LateFinding } from './dlp/held-body.ts';
import type { Exchange } from './exchange.ts';
import { upstreamHeaders } from './headers.ts';
import type { UpstreamCall, UpstreamRequest } from './upstream-call.ts';
import { upstreamFailure } from './upstream-failure.ts';
import type { Upstreams } from './upstreams.ts';
import type { Admission } from './verdict.ts';

/** Status in the access log of a request that the agent gave up before it had an answer; nginx uses the same. */
const CLIENT_GONE = 499;

export interface ForwardOptions {
  readonly admission: Admission;
  /** What of the request may leave. */
  readonly cleared: Cleared;
  readonly secure: boolean;
  readonly upstreams: Upstreams;
  /** Value of each token slot. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Called once, with the status the agent gets; `reason` only when no upstream answer could be had. */
  readonly answered: (status: number, reason?: string) => void;
}

/** Sends an admitted request upstream and its answer back, both streamed at the pace of the slower side. */
export async function forward(exchange: Exchange, options: ForwardOptions): Promise<void> {
  const { rule, host, port } = options.admission;
  let hasAnswer = false;
  const fail = (error: unknown) => {
    if (hasAnswer || exchange.isAnswered || exchange.isGone) return;
    const answer = upstreamFailure(host, error);
    options.answered(answer.status, answer.code);
    exchange.answer(answer);
  };

  let call: UpstreamCall;
  try {
    const start = await options.upstreams.reach({ rule, host, port, secure: options.secure });
    if (exchange.isGone) return options.answered(CLIENT_GONE, 'client-gone');
    call = start(upstreamRequest(exchange, options), {
      failed: fail,
      answered: (answer) => {
        try {
          passAnswer(answer, exchange, {
            host,
            token: rule.auth === undefined ? undefined : options.tokens.get(rule.auth.slot),
            inbound: rule.scan.inbound,
            answered: options.answered,
          });
        } catch (error) {
          // A status or header that the agent's HTTP has no words for.
          answer.body.destroy();
          return fail(error);
        }
        hasAnswer = true;
      },
    });
  } catch (error) {
    fail(error);
    return;
  }
  exchange.onceOver(() => {
    if (!exchange.isAnswered) options.answered(CLIENT_GONE, 'client-gone');
    call.cancel();
  });
  sendBody(options.cleared.body, call, exchange, fail);
}

function sendBody(
  body: Readable,
  call: UpstreamCall,
  exchange: Exchange,
  fail: (error: unknown) => void,
): void {
  if (body === exchange.body) {
    body.pipe(call.body);
    return;
  }
  // The request itself stays open after a failure: the agent is still to read why.
  pipeline(body, call.body, (error) => {
    if (error instanceof LateFinding) fail(error);
    if (error) exchange.body.resume();
  });
}

function upstreamRequest({ method, hasBody }: Exchange, options: ForwardOptions): UpstreamRequest {
  const { host, port } = options.admission;
  const { path, query, rawHeaders } = options.cleared;
  return {
    method,
    path: `${path}${query}`,
    headers: upstreamHeaders(rawHeaders, {
      host: port === (options.secure ? 443 : 80) ? host : `${host}:${port}`,
      authorization: authorization(options),
      hasBody,
    }),
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
