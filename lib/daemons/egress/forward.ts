import { pipeline, type Readable } from 'node:stream';
import { UnscannableBody } from '../detection/index.ts';
import type { MemoryBudget } from '../shared/memory-budget.ts';
import type { InjectedCredential } from './http/credential.ts';
import type { Exchange } from './http/exchange.ts';
import { upstreamHeaders } from './http/headers.ts';
import { withParameter } from './http/query-parameter.ts';
import type { Reason } from './http/reasons.ts';
import { passableTrailers } from './http/trailers.ts';
import { sendEarlyHints, sendResponse } from './inbound/send-response.ts';
import { upstreamFailure } from './inbound/upstream-failure.ts';
import { type ApprovedRequest, discardBody } from './outbound/approved-request.ts';
import { bodyFailure, LateFinding } from './outbound/body-failure.ts';
import type { HandedOut } from './outbound/handed-out.ts';
import type { Admission } from './policy/verdict.ts';
import type {
  CallListeners,
  OpenCall,
  Upgrade,
  UpstreamRequest,
  UpstreamUpgrade,
} from './upstream/upstream-call.ts';
import type { Upstreams } from './upstream/upstreams.ts';

export interface ForwardOptions {
  readonly admission: Admission;
  /** The request as it may be sent. */
  readonly approved: ApprovedRequest;
  readonly secure: boolean;
  /** Present when the agent asks for another protocol. */
  readonly upgrade: Upgrade | undefined;
  readonly upstreams: Upstreams;
  /** Added to the request; absent where the route injects nothing. */
  readonly credential: InjectedCredential | undefined;
  /** Tokens that any request to the host gets; none may come back. */
  readonly tokens: readonly string[];
  /** Told what the response hands out; absent: nobody is. */
  readonly handedOut?: HandedOut;
  /** For response data that is held back until it has been scanned. */
  readonly budget: MemoryBudget;
  /** Called with the types of secrets that were found in data already being sent. */
  readonly found: (types: readonly string[]) => void;
  /** Called with the reason when a response that has begun does not complete. */
  readonly brokeOff: (reason: Reason) => void;
}

/** Sends an admitted request upstream and its response back, both streamed at the pace of the slower side. */
export async function forward(exchange: Exchange, options: ForwardOptions): Promise<void> {
  const { rule, host, port } = options.admission;
  let hasResponse = false;
  const fail = (error: unknown) => {
    if (hasResponse || exchange.hasResponded || exchange.isAborted) return;
    exchange.respondLocally(bodyFailure(host, error) ?? upstreamFailure(host, error));
  };

  const { upgrade } = options;
  const upgraded = (agreement: UpstreamUpgrade) => {
    try {
      upgrade?.agreed(agreement);
      hasResponse = true;
    } catch (error) {
      agreement.stream.destroy();
      fail(error);
    }
  };
  const { approved } = options;
  try {
    if (exchange.isAborted) return discardBody(approved, exchange);
    const http2 = exchange.protocol === 'h2';
    const upstream = await options.upstreams.reach({
      upstream: rule.upstream,
      host,
      port,
      secure: options.secure,
      http2,
    });
    if (exchange.isAborted) return discardBody(approved, exchange);
    const listeners: CallListeners = {
      failed: fail,
      earlyHints: (rawHeaders) => sendEarlyHints(rawHeaders, exchange, options.tokens),
      responded: (response) => {
        try {
          sendResponse(response, exchange, {
            host,
            tokens: options.tokens,
            inbound: rule.scan.inbound,
            budget: options.budget,
            heard: {
              headers: (raw) => options.handedOut?.noteHeaders(raw, `https://${host}/`),
              body: (text) => options.handedOut?.noteBody(text),
            },
            brokeOff: options.brokeOff,
          });
        } catch (error) {
          // A status or header that the agent's HTTP version cannot express.
          response.body.destroy();
          return fail(error);
        }
        hasResponse = true;
      },
      ...(upgrade === undefined ? {} : { upgraded }),
    };
    const body = wholeBody(exchange, options);
    const request = upstreamRequest(exchange, options, body);
    if (body !== undefined) {
      const call = upstream.send(request, body, listeners);
      exchange.onceEnded(() => call.cancel());
      return;
    }
    const call = upstream.open(request, listeners);
    exchange.onceEnded(() => call.cancel());
    sendBody(approved.body, call, exchange, options.credential, (error) => {
      const isFinding = error instanceof LateFinding;
      if (isFinding) options.found([...new Set(error.findings.map(({ type }) => type))]);
      fail(error);
      options.brokeOff(isFinding ? 'secret-found' : 'body-unscannable');
    });
  } catch (error) {
    discardBody(approved, exchange);
    fail(error);
  }
}

const NO_BODY = Buffer.alloc(0);

/** The whole body of the request if it is already known, else `undefined`. */
function wholeBody(exchange: Exchange, { approved, upgrade }: ForwardOptions): Buffer | undefined {
  if (upgrade !== undefined) return undefined;
  if (!exchange.hasBody) return NO_BODY;
  return Buffer.isBuffer(approved.body) && exchange.rawTrailers.length === 0 ? approved.body : undefined;
}

function sendBody(
  body: Readable | Buffer,
  call: OpenCall,
  exchange: Exchange,
  credential: InjectedCredential | undefined,
  cutOff: (error: LateFinding | UnscannableBody) => void,
): void {
  if (!exchange.hasBody) {
    call.body.end();
    return;
  }
  const addTrailers = () => {
    if (exchange.rawTrailers.length > 0) call.addTrailers(passableTrailers(exchange.rawTrailers, credential));
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
  // The request itself stays open after a failure, so that the agent can read the reason.
  pipeline(body, call.body, (error) => {
    if (error instanceof LateFinding || error instanceof UnscannableBody) cutOff(error);
  });
}

function upstreamRequest(
  { method, hasBody }: Exchange,
  options: ForwardOptions,
  body: Buffer | undefined,
): UpstreamRequest {
  const { credential } = options;
  const { host, port, path: admitted, sentPath } = options.admission;
  const { query, rawHeaders } = options.approved;
  // A path with something cut out of it is another one.
  const path = options.approved.path === admitted ? (sentPath ?? admitted) : options.approved.path;
  const inQuery = credential?.kind === 'query';
  const headers = upstreamHeaders(rawHeaders, {
    host: port === (options.secure ? 443 : 80) ? host : `${host}:${port}`,
    credential,
    isSearched: options.tokens.length > 0,
    hasBody,
    bodyLength: body?.length,
  });
  return {
    method,
    hasBody,
    path: `${path}${inQuery ? withParameter(query, credential.name, credential.value) : query}`,
    sensitive: inQuery ? ':path' : credential?.name,
    headers: options.upgrade?.requestHeaders(headers) ?? headers,
  };
}
