import { type Json, newId, nextTurn } from './turn.ts';

const USAGE = {
  ...{ input_tokens: 5, output_tokens: 5, total_tokens: 10 },
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};

/** Returns a response of OpenAI's Responses API, as events and as a whole. */
export function responseEvents({ type, generate, input = [], model }: Json): { events: Json[]; whole: Json } {
  const response: Json = { id: newId('resp'), object: 'response', model, status: 'in_progress', output: [] };
  // Codex warms a WebSocket up with a request that generates nothing.
  const output = type === 'response.create' && generate === false ? [] : [itemOf(input)];
  const whole = { ...response, status: 'completed', output, usage: USAGE };
  return {
    whole,
    events: [
      { type: 'response.created', response },
      ...output.flatMap((item, output_index) => [
        { type: 'response.output_item.added', output_index, item },
        { type: 'response.output_item.done', output_index, item },
      ]),
      { type: 'response.completed', response: whole },
    ],
  };
}

function itemOf(input: readonly Json[] | string): Json {
  const items = Array.isArray(input) ? input : [{ role: 'user', content: [{ text: String(input) }] }];
  const at = items.findLastIndex((item) => item.role === 'user' && !isInserted(item));
  // The agent may add something of its own after a tool's result.
  const hasResult = items.slice(at + 1).some(({ type }: Json) => String(type).endsWith('output'));
  const said = textsOf(items[at]);
  const turn = nextTurn(said.join('\n'), hasResult);
  if (turn.kind === 'run')
    return codexScript(`await tools.exec_command(${JSON.stringify({ cmd: turn.command })})`);
  if (turn.kind === 'tool') return codexScript(`await tools.${turn.name}(${JSON.stringify(turn.input)})`);
  return {
    ...{ type: 'message', id: newId('msg'), role: 'assistant' },
    content: [{ type: 'output_text', text: turn.text, annotations: [] }],
  };
}

/** Codex runs its tools from JavaScript that the model writes for the tool `exec`. */
function codexScript(expression: string): Json {
  return {
    ...{ type: 'custom_tool_call', id: newId('ctc'), call_id: newId('call') },
    ...{ name: 'exec', namespace: 'functions', input: `text(JSON.stringify(${expression}));` },
  };
}

const textsOf = (item: Json | undefined): string[] => {
  const content = item?.content ?? [];
  return (Array.isArray(content) ? content : [{ text: content }]).map(({ text }: Json) => text ?? '');
};

/** Codex puts what it tells the model about its surroundings into tags, as if the user had said it. */
const isInserted = (item: Json): boolean => textsOf(item).every((text) => text.trimStart().startsWith('<'));
