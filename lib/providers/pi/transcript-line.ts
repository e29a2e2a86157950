import { z } from 'zod';
import type { TranscriptEvent } from '../provider.ts';

const blocks = z.array(z.unknown());
const content = z.union([z.string(), blocks]);

const line = z.looseObject({
  type: z.literal('message'),
  timestamp: z.string().optional(),
  message: z.discriminatedUnion('role', [
    z.looseObject({ role: z.literal('user'), content }),
    z.looseObject({ role: z.literal('assistant'), content }),
    z.looseObject({
      role: z.literal('toolResult'),
      content,
      toolCallId: z.string().optional(),
      isError: z.boolean().optional(),
    }),
  ]),
});

const block = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string() }),
  z.looseObject({
    type: z.literal('toolCall'),
    id: z.string().optional(),
    name: z.string(),
    arguments: z.json(),
  }),
  z.looseObject({ type: z.literal('image') }),
]);
type Block = z.output<typeof block>;

/** Reads a line of pi's `sessions/<directory>/<session>.jsonl`, version 3 of the format. */
export function piTranscriptLine(value: unknown): TranscriptEvent[] {
  const { data } = line.safeParse(value);
  if (data === undefined) return [];
  const { timestamp: time, message } = data;
  const found = blocksOf(message.content);
  if (message.role === 'toolResult') {
    const text = found.map(textOf).join('\n');
    return [{ time, kind: 'result', text, failed: message.isError === true, id: message.toolCallId }];
  }
  const who = message.role === 'user' ? 'user' : 'agent';
  return found.map((one) => ({ time, ...eventOf(one, who) }));
}

function blocksOf(value: string | readonly unknown[]): Block[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  return value.flatMap((one) => block.safeParse(one).data ?? []);
}

function eventOf(one: Block, who: 'user' | 'agent'): TranscriptEvent {
  if (one.type === 'thinking') return { kind: 'thought', text: one.thinking };
  if (one.type === 'toolCall') return { kind: 'call', tool: one.name, input: one.arguments, id: one.id };
  return { kind: 'message', who, text: textOf(one) };
}

const textOf = (one: Block) => (one.type === 'text' ? one.text : `[${one.type}]`);
