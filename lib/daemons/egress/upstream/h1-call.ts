import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { endMessage } from '../http/end-message.ts';
import { takeWhole } from '../http/read-whole.ts';
import type { Caller, CallListeners, OpenCall, UpstreamRequest, UpstreamResponse } from './upstream-call.ts';

/**
 * A class: V8 gives every object literal with a getter a shape of its own, and keeps it, with all that the
 * getter captures, until the next full collection. That was nine of ten bytes that outlived a request.
 */
class H1Response implements UpstreamResponse {
  readonly body: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.body = incoming;
  }

  get status(): number {
    return this.body.statusCode ?? 502;
  }

  get rawHeaders(): readonly string[] {
    return this.body.rawHeaders;
  }

  get rawTrailers(): readonly string[] {
    return this.body.rawTrailers;
  }

  take(length: number): Buffer | undefined {
    return takeWhole(this.body, length);
  }
}

/** Makes calls over HTTP/1.1 with Node's own client. */
export function h1Caller(start: (request: UpstreamRequest) => ClientRequest): Caller {
  return {
    open: (request, listeners) => h1Call(start(request), listeners),
    send: (request, body, listeners) => {
      const outgoing = start(request);
      const call = h1Call(outgoing, listeners);
      endMessage(outgoing, body);
      return call;
    },
  };
}

function h1Call(outgoing: ClientRequest, listeners: CallListeners): OpenCall {
  const { responded, earlyHints, upgraded, failed } = listeners;
  let hasResponded = false;
  outgoing.on('error', failed);
  // A connection that ends without a response and without an error, e.g. after an unsolicited 101.
  outgoing.on('close', () => {
    if (!hasResponded) failed(new Error('closed without an answer'));
  });
  outgoing.on('information', ({ statusCode, rawHeaders }) => {
    if (statusCode === 103) earlyHints(rawHeaders);
  });
  if (upgraded !== undefined) {
    outgoing.on('upgrade', ({ rawHeaders }, stream: Socket, head) => {
      hasResponded = true;
      stream.on('error', () => stream.destroy());
      stream.setTimeout(0);
      if (head.length > 0) stream.unshift(head);
      upgraded({ rawHeaders, stream });
    });
  }
  outgoing.on('response', (incoming) => {
    hasResponded = true;
    responded(new H1Response(incoming));
  });
  return {
    body: outgoing,
    addTrailers: (headers) => {
      try {
        outgoing.addTrailers(headers);
      } catch {
        outgoing.destroy(new Error('trailers that HTTP/1.1 has no words for'));
      }
    },
    cancel: () => outgoing.destroy(),
  };
}
