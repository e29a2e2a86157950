/** Quotes `text` as one word of a shell script, whatever it contains. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns a script for the agent's own user that atomically writes a file with that mode, and creates its folders. Never
 * run it as root: the agent could have put links in the way.
 */
export function agentFileScript(path: string, content: string | Buffer, mode: string): string {
  const target = shellWord(path);
  const temporary = shellWord(`${path}.bot-bottle.tmp`);
  return [
    `mkdir -p ${shellWord(path.replace(/\/[^/]*$/, '') || '/')}`,
    `base64 -d > ${temporary} <<'BOT_BOTTLE_END'`,
    Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\n'),
    'BOT_BOTTLE_END',
    `chmod ${shellWord(mode)} ${temporary}`,
    `mv -f ${temporary} ${target}`,
  ].join('\n');
}

/** Returns a script that atomically writes a file with owner and mode; the content may include NUL. */
export function writeFileScript(path: string, content: string, owner: string, mode: string): string {
  const target = shellWord(path);
  const temporary = shellWord(`${path}.bot-bottle.tmp`);
  const encoded = Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\n');
  return [
    `mkdir -p ${shellWord(path.replace(/\/[^/]*$/, '') || '/')}`,
    `(umask 077 && base64 -d > ${temporary}) <<'BOT_BOTTLE_END'`,
    encoded,
    'BOT_BOTTLE_END',
    `chown ${shellWord(owner)} ${temporary}`,
    `chmod ${shellWord(mode)} ${temporary}`,
    `mv -f ${temporary} ${target}`,
  ].join('\n');
}
