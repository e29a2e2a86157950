import { type LocalResponse, prefersJson } from '../http/local-response.ts';
import type { Denial } from './verdict.ts';

/** `accept`: the request's `Accept` header. Clients that prefer JSON get JSON. */
export function denialResponse(denial: Denial, accept?: string): LocalResponse {
  const { status, code, rule, reason, remedy } = denial;
  const summary = `${reason} ${remedy}`;
  if (prefersJson(accept)) {
    const text = `${JSON.stringify({ code, rule, reason, ask: remedy })}\n`;
    return { status, code, type: 'application/json', text, summary };
  }
  const text = `bot-bottle egress refused this request (${code}).\n${reason}\n${remedy}\n`;
  return { status, code, type: 'text/plain; charset=utf-8', text, summary };
}
