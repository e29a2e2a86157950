import type { ServerResponse } from 'node:http';
import type { Json } from './turn.ts';

const TOOL = {
  name: 'lookup',
  description: 'Looks something up.',
  inputSchema: { type: 'object', properties: {} },
};

/** Serves one request of an MCP client over streamable HTTP: a server with one tool. */
export function handleMcp({ id, method, params }: Json, response: ServerResponse): void {
  if (id === undefined) {
    response.writeHead(method === undefined ? 405 : 202).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(method, params) }));
}

function resultOf(method: string, params: Json): Json {
  if (method === 'initialize') {
    const serverInfo = { name: 'docs', version: '1' };
    return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') return { tools: [TOOL] };
  if (method === 'tools/call') return { content: [{ type: 'text', text: 'RESULT-of-the-MCP-tool' }] };
  return {};
}
