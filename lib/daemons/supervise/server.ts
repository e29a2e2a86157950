import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { originValidation, toWebRequest } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Desk } from './desk.ts';
import { createMcpServer } from './mcp-server.ts';

const MAX_BODY = 1024 * 1024;
/** Requests in progress, waiting ones among them, and connections. */
const MAX_REQUESTS = 64;
const MAX_CONNECTIONS = 128;
/** Streams of a client that wants to be told of changes; there never are any. */
const MAX_SUBSCRIPTIONS = 8;

/** Milliseconds for a request to arrive, and between two on one connection. */
const ARRIVAL_MS = 30_000;
const IDLE_MS = 60_000;

/** The guest reaches this daemon under an address of its own loopback, or an alias of the host's. */
const OWN_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?$/i;

/** Creates the HTTP server, not yet listening. It speaks MCP's streamable HTTP on every path. */
export function createSupervise(desk: Desk, report: (text: string) => void): Server {
  const handler = createMcpHandler(() => createMcpServer(desk), {
    // Headers at once: clients wait only 60 s for them.
    responseMode: 'sse',
    maxRequestBodySize: MAX_BODY,
    maxSubscriptions: MAX_SUBSCRIPTIONS,
  });
  // Agents are no browsers: with an Origin comes some web page that the agent opened.
  const hasNoOrigin = originValidation([]);
  let inProgress = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!OWN_HOST.test(request.headers.host ?? '')) return refuse(response, 403, 'Invalid Host header');
    if (!hasNoOrigin(request, response)) return;
    if (request.url?.startsWith('/') !== true) return refuse(response, 400, 'This is no proxy');
    if (inProgress >= MAX_REQUESTS) return refuse(response, 503, 'Too many requests at once');
    inProgress += 1;
    try {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const options = { signal: gone.signal, maxRequestBodySize: MAX_BODY };
      const { method = '', url = '' } = request;
      const asked = await toWebRequest(Object.assign(request, { method, url }), undefined, options);
      await send(response, await handler.fetch(asked));
    } finally {
      inProgress -= 1;
    }
  }

  const server = createServer({
    requestTimeout: ARRIVAL_MS,
    headersTimeout: ARRIVAL_MS,
    keepAliveTimeout: IDLE_MS,
    maxHeaderSize: 16 * 1024,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    handle(request, response).catch((error: unknown) => {
      const isTooLong = error instanceof Error && error.name === 'RequestBodyTooLargeError';
      if (isTooLong) return refuse(response, 413, `The request has more than ${MAX_BODY} bytes`);
      if (response.closed) return;
      report(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
      refuse(response, 500, 'Internal error');
    });
  });
  return server;
}

/** The SDK's own adapter sends the headers with the first event, which may be a quarter of a minute away. */
async function send(response: ServerResponse, { status, headers, body }: Response): Promise<void> {
  // Whether the connection lasts is not for the SDK to say.
  headers.delete('connection');
  response.writeHead(status, Object.fromEntries(headers));
  response.flushHeaders();
  if (body === null) {
    response.end();
    return;
  }
  // An agent that leaves is no error of this side.
  await pipeline(Readable.fromWeb(body), response).catch(() => response.destroy());
}

/** Answers with a JSON-RPC error of a request that was not read, and closes the connection. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null });
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(text);
}
