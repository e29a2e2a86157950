/** A word of a shell script that stands for exactly `text`, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Script that writes a file whole, with owner and mode; the content may be anything, NUL included. */
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
