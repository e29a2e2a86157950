import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters; a line that grows longer is cut here, so that a daemon without newlines cannot fill the memory. */
const MAX_LINE = 64 * 1024;

/**
 * Copies `source` to `sink` by whole lines, each led by `prefix`; lines of several sources never mix.
 * A last line without a newline gets one when the source ends. `sink` stays open.
 */
export function prefixLines(source: Readable, sink: Writable, prefix: string): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    while (rest.length > MAX_LINE) {
      lines.push(rest.slice(0, MAX_LINE));
      rest = rest.slice(MAX_LINE);
    }
    if (lines.length > 0) sink.write(lines.map((line) => `${prefix}${line.replace(/\r$/, '')}\n`).join(''));
  };

  source.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  source.once('end', () => {
    take(decoder.end());
    if (rest !== '') take('\n');
  });
}
