import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { endWith } from './end-with.ts';
import type { CallListeners, UpstreamAnswer, UpstreamCall } from './upstream-call.ts';

/**
 * A class, since V8 makes a shape of its own for each object that is written with a getter, and keeps that, and all that
 * the getter sees, until the next full collection: nine of ten bytes that outlived a request.
 */
class H1Answer implements UpstreamAnswer {
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
}

/** A call over HTTP/1.1, made of Node's request. */
export function h1Call(outgoing: ClientRequest, listeners: CallListeners): UpstreamCall {
  const { answered, hinted, upgraded, failed } = listeners;
  let isAnswered = false;
  outgoing.on('error', failed);
  // A connection that ends without an answer and without an error, e.g. after an unasked 101.
  outgoing.on('close', () => {
    if (!isAnswered) failed(new Error('closed without an answer'));
  });
  outgoing.on('information', ({ statusCode, rawHeaders }) => {
    if (statusCode === 103) hinted(rawHeaders);
  });
  if (upgraded !== undefined) {
    outgoing.on('upgrade', ({ rawHeaders }, stream: Socket, head) => {
      isAnswered = true;
      stream.on('error', () => stream.destroy());
      stream.setTimeout(0);
      if (head.length > 0) stream.unshift(head);
      upgraded({ rawHeaders, stream });
    });
  }
  outgoing.on('response', (incoming) => {
    isAnswered = true;
    answered(new H1Answer(incoming));
  });
  return {
    body: outgoing,
    end: (body) => void endWith(outgoing, body),
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
