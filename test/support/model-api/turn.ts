// biome-ignore lint/suspicious/noExplicitAny: requests of agents, of which only a few keys matter here
export type Json = Record<string, any>;

/** What the model does next. */
export type Turn =
  | { kind: 'text'; text: string }
  | { kind: 'run'; command: string }
  | { kind: 'tool'; name: string; input: Json };

/** Reads the next turn from what the user said last; after a tool's result, the model is done. */
export function nextTurn(said: string, hasResult: boolean): Turn {
  if (hasResult) return { kind: 'text', text: 'DONE-from-the-model' };
  const [, command] = /RUN: ([^\n]*)/.exec(said) ?? [];
  if (command !== undefined) return { kind: 'run', command: command.trim() };
  const [, name, input] = /MCP: (\S+)(?: (\{[^\n]*\}))?/.exec(said) ?? [];
  if (name !== undefined) return { kind: 'tool', name, input: JSON.parse(input ?? '{}') };
  return { kind: 'text', text: 'PONG-from-the-model' };
}

export const newId = (prefix: string): string =>
  `${prefix}_${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}`;
