import { printable } from '../host/printable.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  changed: 'changed while it was read',
  vanished: 'vanished before it was read',
  mounted: 'is another file system; its content is not in the snapshot',
  'too-long': 'is too deep to be unpacked; it is not in the snapshot',
};
const MOST = 1001;

/** Reads what the guest tool says beside an archive. @returns a line for each path; anything else it says is left out. */
export function guestReports(stderr: string): string[] {
  return stderr
    .split('\n')
    .slice(0, MOST)
    .flatMap((line) => {
      const [word = '', path = ''] = line.split(' ', 2);
      if (word === 'more' && /^\d+$/.test(path)) return [`and ${path} more`];
      const meaning = MEANINGS[word];
      return meaning === undefined ? [] : [`/${printable(unescaped(path))} ${meaning}`];
    });
}

/** The tool writes odd bytes as `\xNN`. */
function unescaped(path: string): string {
  const bytes = path.replace(/\\x([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
