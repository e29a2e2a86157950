import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { sendAnswer } from './answer.ts';
import { passAnswer } from './answer-upstream.ts';
import type { Cleared } from './cleared.ts';
import { LateFinding } from './dlp/held-body.ts';
import { upstreamHeaders } from './headers.ts';
import { upstreamFailure } from './upstream-failure.ts';
import type { Dial, UpstreamRequest, Upstreams } from './upstreams.ts';
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
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions,
): Promise<void> {
  const { rule, host, port } = options.admission;
  let hasAnswer = false;
  const fail = (error: unknown) => {
    if (hasAnswer || response.headersSent || response.destroyed) return;
    const answer = upstreamFailure(host, error);
    options.answered(answer.status, answer.code);
    sendAnswer(response, answer);
    // What is left of the body has nowhere to go; unread, it would block the connection.
    request.resume();
  };

  let dial: Dial;
  try {
    dial = await options.upstreams.reach({ rule, host, port, secure: options.secure });
  } catch (error) {
    fail(error);
    return;
  }
  if (response.destroyed) {
    options.answered(CLIENT_GONE, 'client-gone');
    return;
  }

  let outgoing: ClientRequest;
  try {
    outgoing = dial(upstreamRequest(request, options));
  } catch (error) {
    fail(error);
    return;
  }
  outgoing.on('error', fail);
  // A connection that ends without an answer and without an error, e.g. after an unasked 101.
  outgoing.on('close', () => fail(new Error('closed without an answer')));
  response.on('close', () => {
    if (!response.headersSent) options.answered(CLIENT_GONE, 'client-gone');
    outgoing.destroy();
  });
  outgoing.on('response', (incoming) => {
    hasAnswer = true;
    passAnswer(incoming, response, {
      host,
      token: rule.auth === undefined ? undefined : options.tokens.get(rule.auth.slot),
      inbound: rule.scan.inbound,
      isHead: request.method === 'HEAD',
      answered: options.answered,
    });
  });
  if (options.cleared.body === request) {
    request.pipe(outgoing);
    return;
  }
  // The request itself stays open after a failure: the agent is still to read why.
  pipeline(options.cleared.body, outgoing, (error) => {
    if (error instanceof LateFinding) fail(error);
    if (error) request.resume();
  });
}

function upstreamRequest(request: IncomingMessage, options: ForwardOptions): UpstreamRequest {
  const { host, port } = options.admission;
  const { path, query, rawHeaders } = options.cleared;
  return {
    method: request.method ?? 'GET',
    path: `${path}${query}`,
    headers: upstreamHeaders(rawHeaders, {
      host: port === (options.secure ? 443 : 80) ? host : `${host}:${port}`,
      authorization: authorization(options),
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
