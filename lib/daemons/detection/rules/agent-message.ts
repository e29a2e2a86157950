import type { Finding } from '../scan-text.ts';
import { injectionLevel } from './injection.ts';

/** Characters of a message that are examined. */
const MAX_READ = 1024 * 1024;

/**
 * Finds prompt injection in a message between agents (JSON-RPC: A2A, MCP). Such messages act as prompts, so
 * an attack in one is refused like a secret.
 */
export function findPromptInjection(message: string): Finding[] {
  const text = message.slice(0, MAX_READ);
  const isMessage = /^\s{0,64}[[{]/.test(text) && /"jsonrpc"\s{0,8}:/.test(text);
  if (!isMessage || injectionLevel(text) !== 'high') return [];
  return [{ type: 'agent-injection', value: text, inPlainSight: false }];
}
