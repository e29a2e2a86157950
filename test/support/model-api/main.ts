// A stand-in for the model APIs of Anthropic, OpenAI and ChatGPT, and for an MCP server: node main.mjs DIRECTORY
// It serves TLS on port 443 with DIRECTORY/leaf.pem, and appends what it receives to DIRECTORY/requests.jsonl. What the "model"
// does is in the prompt: `RUN: COMMAND` makes it use the agent's shell, `MCP: TOOL {INPUT}` a tool, anything else is answered.
import { appendFileSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { zstdDecompressSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { accountCheck } from './chatgpt.ts';
import { geminiResponse } from './gemini.ts';
import { handleMcp } from './mcp.ts';
import { messagesResponse } from './messages.ts';
import { responseEvents } from './responses.ts';
import type { Json } from './turn.ts';

const [directory = '.'] = process.argv.slice(2);

function record(request: IncomingMessage, body: Json, kind = request.method): void {
  const { host } = request.headers;
  const entry = { host, kind, path: request.url, headers: request.headers, body };
  appendFileSync(`${directory}/requests.jsonl`, `${JSON.stringify(entry)}\n`);
}

function parsed(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return {};
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const raw = await buffer(request);
  const body = parsed(request.headers['content-encoding'] === 'zstd' ? zstdDecompressSync(raw) : raw);
  record(request, body);
  const [path = ''] = (request.url ?? '').split('?');
  const json = (content: unknown, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
  };
  if (path === '/v1/messages')
    return sendEvents(response, messagesResponse(body), body.stream === true, json);
  if (path.endsWith('/responses')) return sendEvents(response, responseEvents(body), true, json);
  if (path.endsWith('/wham/accounts/check')) return json(accountCheck(request.headers['chatgpt-account-id']));
  if (path.endsWith(':streamGenerateContent')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify(geminiResponse(body))}\n\n`);
    return;
  }
  if (path.endsWith(':generateContent')) return json(geminiResponse(body));
  if (path === '/mcp') return handleMcp(body, response);
  json({}, 404);
}

function sendEvents(
  response: ServerResponse,
  { events, whole }: { events: readonly Json[]; whole: unknown },
  streamed: boolean,
  json: (content: unknown) => void,
): void {
  if (!streamed) {
    json(whole);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

const pem = readFileSync(`${directory}/leaf.pem`);
const server = createServer({ cert: pem, key: pem }, (request, response) => void handle(request, response));
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (session) => {
    record(request, {}, 'UPGRADE');
    session.on('message', (data) => {
      const body = parsed(Buffer.from(data as Buffer));
      record(request, body, 'MESSAGE');
      for (const event of responseEvents(body).events) session.send(JSON.stringify(event));
    });
  });
});
server.listen(443, '0.0.0.0', () => console.log('listening'));
