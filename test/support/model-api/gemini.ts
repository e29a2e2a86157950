import { type Json, nextTurn } from './turn.ts';

const USAGE = { promptTokenCount: 5, candidatesTokenCount: 5, totalTokenCount: 10 };

/** Returns the one chunk of a response of Gemini's generateContent. */
export function geminiResponse({ contents = [], tools = [], generationConfig = {} }: Json): Json {
  const parts: Json[] = contents.at(-1)?.parts ?? [];
  const said = parts.map(({ text }) => text ?? '').join('\n');
  const hasResult = parts.some(({ functionResponse }) => functionResponse !== undefined);
  const { responseJsonSchema: schema } = generationConfig;
  const part = schema === undefined ? partOf(said, hasResult, tools.length > 0) : { text: exampleOf(schema) };
  const content = { role: 'model', parts: [part] };
  return { candidates: [{ content, finishReason: 'STOP', index: 0 }], usageMetadata: USAGE };
}

function partOf(said: string, hasResult: boolean, hasTools: boolean): Json {
  const turn = nextTurn(said, hasResult);
  if (turn.kind === 'text') return { text: turn.text };
  if (!hasTools) return { text: 'NO-TOOLS' };
  const call =
    turn.kind === 'run'
      ? { name: 'run_shell_command', args: { command: turn.command } }
      : { name: turn.name, args: {} };
  return { functionCall: call };
}

/** Gemini CLI first asks a small model for a rating of the prompt, as JSON. */
function exampleOf({ properties = {} }: Json): string {
  const entries = Object.entries<Json>(properties).map(([key, { type }]) => [
    key,
    type === 'INTEGER' ? 1 : 'because',
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}
