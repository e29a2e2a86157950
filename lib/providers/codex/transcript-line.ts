import { z } from 'zod';
import type { TranscriptEvent } from '../provider.ts';

const line = z.looseObject({
  timestamp: z.string().optional(),
  type: z.literal('response_item'),
  payload: z.unknown(),
});

const parts = z.array(z.looseObject({ text: z.string().optional(), type: z.string().optional() }));
const call_id = z.string().optional();
/** Text, or items of it; older versions had an object. */
const output = z.union([z.string(), parts, z.json()]);

const item = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message'),
    role: z.string(),
    content: parts,
    internal_chat_message_metadata_passthrough: z
      .looseObject({ content_item_kinds: z.array(z.string()).optional() })
      .optional(),
  }),
  z.looseObject({ type: z.literal('reasoning'), summary: parts.optional() }),
  z.looseObject({ type: z.literal('function_call'), name: z.string(), arguments: z.string(), call_id }),
  z.looseObject({ type: z.literal('custom_tool_call'), name: z.string(), input: z.string(), call_id }),
  z.looseObject({ type: z.literal('local_shell_call'), action: z.json(), call_id }),
  z.looseObject({ type: z.literal('web_search_call'), action: z.json().optional() }),
  z.looseObject({ type: z.literal('function_call_output'), output, call_id }),
  z.looseObject({ type: z.literal('custom_tool_call_output'), output, call_id }),
]);
type Item = z.output<typeof item>;

/** Reads a line of Codex's `sessions/Y/M/D/rollout-….jsonl`, as of 0.171.0. Its events repeat what the items say. */
export function codexTranscriptLine(value: unknown): TranscriptEvent[] {
  const { data } = line.safeParse(value);
  const one = item.safeParse(data?.payload).data;
  if (one === undefined) return [];
  return eventsOf(one).map((event) => ({ time: data?.timestamp, ...event }));
}

function eventsOf(one: Item): TranscriptEvent[] {
  switch (one.type) {
    case 'message':
      return messageOf(one);
    case 'reasoning': {
      const text = textOf(one.summary ?? []);
      return text === '' ? [] : [{ kind: 'thought', text }];
    }
    case 'function_call':
      return [{ kind: 'call', tool: one.name, input: jsonOf(one.arguments), id: one.call_id }];
    case 'custom_tool_call':
      return [{ kind: 'call', tool: one.name, input: one.input, id: one.call_id }];
    case 'local_shell_call':
      return [{ kind: 'call', tool: 'shell', input: one.action, id: one.call_id }];
    case 'web_search_call':
      return [{ kind: 'call', tool: 'web_search', input: one.action ?? null }];
    default:
      return [{ kind: 'result', text: outputOf(one.output), id: one.call_id }];
  }
}

function messageOf(message: Extract<Item, { type: 'message' }>): TranscriptEvent[] {
  const { role, content, internal_chat_message_metadata_passthrough: metadata } = message;
  const text = textOf(content);
  if (role === 'assistant') return [{ kind: 'message', who: 'agent', text }];
  if (role !== 'user') return [];
  const kinds = metadata?.content_item_kinds;
  // Codex tells the model of its surroundings, as if the user had; older versions do not say so.
  const isTyped =
    kinds?.some((kind) => kind.startsWith('user.')) ?? !/^\s*(<[a-z_]+>|# AGENTS\.md)/.test(text);
  return isTyped ? [{ kind: 'message', who: 'user', text }] : [];
}

const textOf = (content: z.output<typeof parts>): string =>
  content.map(({ text, type = 'item' }) => text ?? `[${type.replace(/^(in|out)put_/, '')}]`).join('\n');

function outputOf(value: z.output<typeof output>): string {
  if (typeof value === 'string') return value;
  const { data } = parts.safeParse(value);
  return data === undefined ? JSON.stringify(value) : textOf(data);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
