import { type Json, nextTurn } from './turn.ts';

const USAGE = { promptTokenCount: 5, candidatesTokenCount: 5, totalTokenCount: 10 };

/** Returns the one chunk of a response of Gemini's generateContent. */
export function geminiResponse({ contents = [], tools = [] }: Json): Json {
  const parts: Json[] = contents.at(-1)?.parts ?? [];
  const said = parts.map(({ text }) => text ?? '').join('\n');
  const hasResult = parts.some(({ functionResponse }) => functionResponse !== undefined);
  const content = { role: 'model', parts: [partOf(said, hasResult, tools.length > 0)] };
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
