import { quotedPrintableDecoded } from './quoted-printable.ts';
import { readableText } from './readable-text.ts';

/**
 * What separates two parts of a multipart body, whatever its boundary and wherever that is declared: the
 * boundary line, headers, an empty line. Without headers, the line must look more like a boundary. No header
 * line can be a boundary, so each text is read only once.
 */
const BETWEEN =
  /--(?:[^\r\n]{1,72}\r?\n((?:(?:[A-Za-z][\w-]{0,63}:|[ \t])[^\r\n]*\r?\n){1,32})|(?=[^\r\n]{0,70}[A-Za-z0-9])[^\s]{1,72}\r?\n)\r?\n/y;

const TRANSFER_ENCODING = /^content-transfer-encoding:[ \t]{0,8}(?:(base64)|(quoted-printable))/im;

/** Characters at each end of a part that are joined with its neighbors: as many as a token has. */
const MAX_EDGE = 4 * 1024;

/** Returns the decoded parts of a multipart body, joined without the separators. */
export function partContents(text: string): string | undefined {
  // Much faster than looking for the line break before it.
  if (!text.includes('--')) return undefined;
  const contents: string[] = [];
  let start = 0;
  let headers: string | undefined;
  for (let line = firstDashes(text); line >= 0; line = nextDashes(text, Math.max(line, start - 1))) {
    BETWEEN.lastIndex = line;
    const between = BETWEEN.exec(text);
    if (between === null) continue;
    contents.push(edgesOf(decoded(text.slice(start, Math.max(start, line - 1)), headers)));
    start = BETWEEN.lastIndex;
    headers = between[1] ?? '';
  }
  if (headers === undefined) return undefined;
  // The last part ends at a line of a different form. Anything else that looks like one has no next part to
  // join.
  const end = nextDashes(text, start - 1);
  contents.push(
    edgesOf(decoded(text.slice(start, end < 0 ? text.length : Math.max(start, end - 1)), headers)),
  );
  return contents.join('');
}

const firstDashes = (text: string): number => (text.startsWith('--') ? 0 : nextDashes(text, 0));

/** Returns where the next line that begins with two dashes starts. */
function nextDashes(text: string, from: number): number {
  const index = text.indexOf('\n--', from);
  return index < 0 ? -1 : index + 1;
}

function decoded(content: string, headers = ''): string {
  const [encoding, base64] = TRANSFER_ENCODING.exec(headers) ?? [];
  if (encoding === undefined) return content.endsWith('\r') ? content.slice(0, -1) : content;
  return base64 === undefined
    ? quotedPrintableDecoded(content.trimEnd())
    : readableText(Buffer.from(content, 'base64'));
}

function edgesOf(content: string): string {
  if (content.length <= 2 * MAX_EDGE) return content;
  return `${content.slice(0, MAX_EDGE)}\n${content.slice(-MAX_EDGE)}`;
}
