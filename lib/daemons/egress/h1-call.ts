import type { ClientRequest } from 'node:http';
import type { CallListeners, UpstreamCall } from './upstream-call.ts';

/** A call over HTTP/1.1, made of Node's request. */
export function h1Call(outgoing: ClientRequest, { answered, failed }: CallListeners): UpstreamCall {
  outgoing.on('error', failed);
  // A connection that ends without an answer and without an error, e.g. after an unasked 101.
  outgoing.on('close', () => failed(new Error('closed without an answer')));
  outgoing.on('response', (incoming) => {
    answered({ status: incoming.statusCode ?? 502, rawHeaders: incoming.rawHeaders, body: incoming });
  });
  return { body: outgoing, cancel: () => outgoing.destroy() };
}
