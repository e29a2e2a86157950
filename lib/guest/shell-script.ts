import { GUEST_TOOL } from './tool.ts';

/** Quotes `text` as one word of a shell script, whatever it contains. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns a script that atomically writes a file as root; the content may include NUL. For places where the
 * agent cannot write: elsewhere, links that it planted could lead root anywhere. See `writeAgentFileScript`.
 */
export function writeFileScript(path: string, content: string | Uint8Array, mode: string): string {
  return writing([mode, path], content);
}

/**
 * Like `writeFileScript`, but the agent's user writes, and owns the file and the directories that are made for
 * it. For everything in the agent's home: whatever the agent has planted there, root never follows it.
 */
export function writeAgentFileScript(
  agent: { readonly user: string },
  path: string,
  content: string | Uint8Array,
  mode: string,
): string {
  return writing(['-u', agent.user, mode, path], content);
}

function writing(args: readonly string[], content: string | Uint8Array): string {
  const encoded = Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\n');
  return [
    `${[GUEST_TOOL, 'write', ...args.map(shellWord)].join(' ')} <<'BOT_BOTTLE_END'`,
    encoded,
    'BOT_BOTTLE_END',
  ].join('\n');
}
