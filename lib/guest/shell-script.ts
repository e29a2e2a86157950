/** Quotes `text` as one word of a shell script, whatever it contains. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
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
