import { expect, it } from 'vitest';
import { loadedFrom } from '../../../lib/providers/loaded-provider.ts';
import type { TranscriptEvent } from '../../../lib/providers/provider.ts';
import { eventsOfLine } from '../../../lib/providers/provider-results.ts';
import { providerSchema } from '../../../lib/providers/provider-schema.ts';
import { providerFor } from '../../../lib/providers/registry.ts';

const AT = '2026-11-29T05:01:41.043Z';

async function read(template: string, lines: readonly unknown[]) {
  const provider = await providerFor(template, '/nowhere');
  return lines.flatMap((line) => {
    const events = eventsOfLine(provider, line);
    if (events === undefined) throw new Error(`not understood: ${JSON.stringify(line)}`);
    return events;
  });
}

/** What all three agents write for the same conversation. */
const CONVERSATION = (tool: string, input: unknown, failed: boolean) => [
  { time: AT, kind: 'message', who: 'user', text: 'Run it.' },
  { time: AT, kind: 'thought', text: 'Hm.' },
  { time: AT, kind: 'call', tool, input, id: 'c1' },
  { time: AT, kind: 'result', text: 'hi', failed, id: 'c1' },
  { time: AT, kind: 'message', who: 'agent', text: 'Done.' },
];

it('reads Claude Code’s sessions', async () => {
  const line = (type: string, content: unknown, more = {}) => ({
    ...{ parentUuid: null, isSidechain: false, type, uuid: 'u', timestamp: AT, cwd: '/work', ...more },
    message: { role: type, content },
  });
  const events = await read('claude', [
    { type: 'queue-operation', operation: 'enqueue', timestamp: AT, content: 'Run it.' },
    line('user', 'Run it.'),
    line('user', 'Caveat: …', { isMeta: true }),
    line('user', [{ type: 'text', text: '<system-reminder>\nToday is Sunday.' }]),
    { type: 'attachment', attachment: { type: 'date' }, timestamp: AT },
    line('assistant', [
      { type: 'thinking', thinking: 'Hm.', signature: 'x' },
      { type: 'tool_use', id: 'c1', name: 'Bash', input: { command: 'echo hi' } },
    ]),
    line('user', [{ type: 'tool_result', content: 'hi', is_error: true, tool_use_id: 'c1' }]),
    line('assistant', [
      { type: 'text', text: 'Done.' },
      { type: 'redacted_thinking', data: 'x' },
    ]),
    { type: 'last-prompt', lastPrompt: 'Run it.' },
    line('user', [
      {
        type: 'tool_result',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image', source: {} },
        ],
      },
      { type: 'image', source: {} },
    ]),
  ]);
  expect(events).toEqual([
    ...CONVERSATION('Bash', { command: 'echo hi' }, true),
    { time: AT, kind: 'result', text: 'a\n[image]', failed: false, id: undefined },
    { time: AT, kind: 'message', who: 'user', text: '[image]' },
  ]);
});

it('reads Codex’s sessions', async () => {
  const line = (payload: object, type = 'response_item') => ({ timestamp: AT, ordinal: 1, type, payload });
  const message = (role: string, text: string, kinds?: string[]) =>
    line({
      ...{
        type: 'message',
        role,
        content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
      },
      ...(kinds && { internal_chat_message_metadata_passthrough: { content_item_kinds: kinds } }),
    });
  const events = await read('codex', [
    line({ id: 's', cwd: '/work' }, 'session_meta'),
    message('developer', 'You are Codex'),
    message('user', '<environment_context>…', ['environments.environment_context']),
    message('user', '<environment_context>…'),
    message('user', '# AGENTS.md instructions for /work'),
    message('user', 'Run it.', ['user.text']),
    line({ type: 'item_completed', item: { type: 'UserMessage' } }, 'event_msg'),
    line({ type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'x' }),
    line({ type: 'custom_tool_call', call_id: 'c1', name: 'exec', input: 'text(1)' }),
    line({ type: 'custom_tool_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'hi' }] }),
    message('assistant', 'Done.', ['unknown']),
    message('user', '<b>typed</b>', ['user.text']),
    line({ type: 'function_call', call_id: 'c2', name: 'shell', arguments: '{"command":["ls"]}' }),
    line({ type: 'function_call_output', call_id: 'c2', output: 'a' }),
  ]);
  expect(events).toEqual([
    ...CONVERSATION('exec', 'text(1)', false),
    { time: AT, kind: 'message', who: 'user', text: '<b>typed</b>' },
    { time: AT, kind: 'call', tool: 'shell', input: { command: ['ls'] }, id: 'c2' },
    { time: AT, kind: 'result', text: 'a', failed: false, id: 'c2' },
  ]);
});

it('reads pi’s sessions', async () => {
  const line = (message: object) => ({ type: 'message', id: 'a', parentId: 'b', timestamp: AT, message });
  const events = await read('pi', [
    { type: 'session', version: 3, id: 's', timestamp: AT, cwd: '/work' },
    line({ role: 'system', content: '', sections: {} }),
    line({ role: 'user', content: [{ type: 'text', text: 'Run it.' }] }),
    line({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.' },
        { type: 'toolCall', id: 'c1', name: 'bash', arguments: { command: 'echo hi' } },
      ],
    }),
    line({ role: 'toolResult', toolCallId: 'c1', content: [{ type: 'text', text: 'hi' }], isError: true }),
    line({ role: 'assistant', content: [{ type: 'text', text: 'Done.' }] }),
  ]);
  expect(events).toEqual(CONVERSATION('bash', { command: 'echo hi' }, true));
});

const ODD = [null, 1, 'x', [], {}, { type: 'user' }, { type: 'message' }, { type: 'response_item' }];
const WORSE = ['user', 'assistant', 'message', 'response_item'].flatMap((type) =>
  [null, 7, {}, [null], [{ type: 'text' }], [{ type: 'tool_use' }]].map((content) => ({
    ...{ type, timestamp: 'yesterday', message: { role: 'user', content } },
    payload: { type: 'message', role: 'user', content },
  })),
);
it.each(['claude', 'codex', 'pi'])('%s tells nothing of a line of another shape', async (template) => {
  const events = await read(template, [...ODD, ...WORSE]);
  // What a content is that has no text is known by its type.
  expect(events.filter((event) => 'text' in event && !/^\[\w+\]$/.test(event.text))).toEqual([]);
});

it('a time that is none does not hide what happened', async () => {
  const line = { type: 'user', timestamp: 'yesterday', message: { content: 'Hello.' } };
  expect(await read('claude', [line])).toEqual([
    { kind: 'message', who: 'user', text: 'Hello.', time: undefined },
  ]);
});

it('a provider that fails, or returns something else, has not understood the line', async () => {
  const providerOf = (transcriptLine: (line: unknown) => TranscriptEvent[]) =>
    loadedFrom('/nowhere', 'own', providerSchema.parse({ transcriptLine }));
  const failing = await providerOf(() => {
    throw new Error('no');
  });
  const wrong = await providerOf(() => [{ kind: 'message', who: 'system', text: 'x' } as never]);
  expect([eventsOfLine(failing, {}), eventsOfLine(wrong, {})]).toEqual([undefined, undefined]);
});
