import { once } from 'node:events';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerCertificate } from '../../lib/daemons/shared/server-certificate.ts';
import { event, longAnswer, receipt, SESSION_MB } from './jobs.ts';

const EVENT_MS = 10;

/** Milliseconds to wait before reading every other body, so that requests are also aborted half sent. */
const SLOW_MS = 15;
let isSlow = false;

/** Responds to every job, over HTTP/1.1 and HTTP/2. Returns its port. */
export async function startUpstream(leaf: ServerCertificate): Promise<number> {
  const server = createSecureServer({ ...leaf, allowHTTP1: true, maxSessionMemory: SESSION_MB });
  server.on('request', (request, response) => {
    // Both fail when an agent aborts.
    request.on('error', () => {});
    response.on('error', () => {});
    answer(request, response).catch(() => response.destroy());
  });
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  const [, kind, amount] = request.url.split('/');
  const length = Number(amount);
  if (kind === 'download' || kind === 'chunked') {
    const announced = kind === 'download' ? { 'content-length': length } : {};
    response.writeHead(200, { 'content-type': 'text/plain', ...announced });
    response.end(longAnswer(length));
    return;
  }
  if (kind === 'events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let number = 0; number < length; number += 1) {
      response.write(event(number));
      await sleep(EVENT_MS);
    }
    response.end();
    return;
  }
  isSlow = !isSlow;
  if (isSlow) await sleep(SLOW_MS);
  const told = receipt(await buffer(request));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': told.length });
  response.end(told);
}
