import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { CallListeners, UpstreamCall } from './upstream-call.ts';

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
    answered({
      status: incoming.statusCode ?? 502,
      rawHeaders: incoming.rawHeaders,
      body: incoming,
      get rawTrailers() {
        return incoming.rawTrailers;
      },
    });
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
