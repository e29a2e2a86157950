import type { ServerResponse } from 'node:http';
import type { Refusal } from './route.ts';

/** Answers with a text that git shows as `remote: …`. */
export function refuse(response: ServerResponse, { status, text, type = 'text/plain' }: Refusal): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' });
  response.end(`${text}\n`);
}
