import { z } from 'zod';
import type { TranscriptEvent } from '../provider.ts';

const line = z.looseObject({
  type: z.enum(['user', 'assistant']),
  timestamp: z.string().optional(),
  /** Written by Claude Code in the name of the user. */
  isMeta: z.boolean().optional(),
  message: z.looseObject({ content: z.union([z.string(), z.array(z.unknown())]) }),
});

const block = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string() }),
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().optional(),
    name: z.string(),
    input: z.json(),
  }),
  z.looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string().optional(),
    is_error: z.boolean().nullish(),
    content: z.union([z.string(), z.array(z.unknown())]).optional(),
  }),
  z.looseObject({ type: z.literal('image') }),
  z.looseObject({ type: z.literal('document') }),
]);
type Block = z.output<typeof block>;

/** Reads a line of Claude Code's `projects/<directory>/<session>.jsonl`, as of 2.1.332. */
export function claudeTranscriptLine(value: unknown): TranscriptEvent[] {
  const { data } = line.safeParse(value);
  if (data === undefined || data.isMeta) return [];
  const { type, timestamp: time, message } = data;
  const who = type === 'user' ? 'user' : 'agent';
  return blocksOf(message.content).flatMap((one) => eventOf(one, who).map((event) => ({ time, ...event })));
}

function blocksOf(content: string | readonly unknown[]): Block[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.flatMap((one) => block.safeParse(one).data ?? []);
}

function eventOf(one: Block, who: 'user' | 'agent'): TranscriptEvent[] {
  switch (one.type) {
    case 'text':
      // Claude Code tells the model of its surroundings, as if the user had.
      return one.text.startsWith('<system-reminder>') ? [] : [{ kind: 'message', who, text: one.text }];
    case 'thinking':
      return one.thinking === '' ? [] : [{ kind: 'thought', text: one.thinking }];
    case 'tool_use':
      return [{ kind: 'call', tool: one.name, input: one.input, id: one.id }];
    case 'tool_result':
      return [
        {
          kind: 'result',
          text: blocksOf(one.content ?? '')
            .map(textOf)
            .join('\n'),
          failed: one.is_error === true,
          id: one.tool_use_id,
        },
      ];
    default:
      return [{ kind: 'message', who, text: textOf(one) }];
  }
}

const textOf = (one: Block) => (one.type === 'text' ? one.text : `[${one.type}]`);
