import type { Finding } from '../scan-text.ts';
import { injectionLevel } from './injection.ts';

/** Characters of a message that are looked at. */
const MAX_READ = 1024 * 1024;

/** Messages between agents (JSON-RPC: A2A, MCP) are prompts: an attack in one is refused like a secret. */
export function findPromptInjection(message: string): Finding[] {
  const text = message.slice(0, MAX_READ);
  const isMessage = /^\s{0,64}[[{]/.test(text) && /"jsonrpc"\s{0,8}:/.test(text);
  if (!isMessage || injectionLevel(text) !== 'high') return [];
  return [{ type: 'agent-injection', value: text, inPlainSight: false }];
}
