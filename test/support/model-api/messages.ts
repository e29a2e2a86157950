import { type Json, newId, nextTurn } from './turn.ts';

/** Names under which agents have a shell among their tools. */
const SHELLS = ['Bash', 'bash'];

const USAGE = {
  input_tokens: 5,
  output_tokens: 5,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

/** Returns a response of Anthropic's Messages API, as events and as a whole. */
export function messagesResponse({ messages = [], tools = [], model }: Json): {
  events: Json[];
  whole: Json;
} {
  const content = messages.findLast(({ role }: Json) => role === 'user')?.content ?? '';
  const blocks: Json[] = Array.isArray(content) ? content : [{ type: 'text', text: String(content) }];
  const said = blocks.filter(({ type }) => type === 'text').map(({ text }) => text);
  const hasResult = blocks.some(({ type }) => type === 'tool_result');
  const block = blockOf(said.join('\n'), hasResult, tools);
  const stop_reason = block.type === 'text' ? 'end_turn' : 'tool_use';
  const message = {
    id: newId('msg'),
    type: 'message',
    role: 'assistant',
    model,
    usage: USAGE,
    stop_sequence: null,
  };
  const delta =
    block.type === 'text'
      ? { type: 'text_delta', text: block.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
  return {
    whole: { ...message, content: [block], stop_reason },
    events: [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      {
        type: 'content_block_start',
        index: 0,
        content_block: block.type === 'text' ? { type: 'text', text: '' } : { ...block, input: {} },
      },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: USAGE },
      { type: 'message_stop' },
    ],
  };
}

function blockOf(said: string, hasResult: boolean, tools: readonly Json[]): Json {
  const turn = nextTurn(said, hasResult);
  const use = (name: string, input: Json) => ({ type: 'tool_use', id: newId('toolu'), name, input });
  const shell = tools.find(({ name }) => SHELLS.includes(name));
  if (turn.kind === 'tool') return use(turn.name, turn.input);
  if (turn.kind === 'text') return { type: 'text', text: turn.text };
  // Requests for titles and the like have no tools.
  if (shell === undefined) return { type: 'text', text: 'NO-SHELL' };
  return use(shell.name, { command: turn.command, description: 'as asked' });
}
