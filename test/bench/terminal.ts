#!/usr/bin/env node
// Measures the filter of what agents print: 50 MB of plain text, and 50 MB as a full-screen agent draws, beside a copy
// of the same pieces without a filter.
import { OutputFilter } from '../../lib/terminal/filter/output-filter.ts';
import { columns } from '../../lib/terminal/output.ts';

const MEGABYTES = 50;
/** As a pipe delivers. */
const PIECE = 64 * 1024;
/** Each way is measured this often, in turn. The best counts: the machine is not idle. */
const ROUNDS = 5;

const PLAIN = 'The quick brown fox jumps over the lazy dog, and line after line of a build log follows.\r\n';
const DRAWN = [
  '\u001b[?2026h\u001b[12;40H\u001b[38;2;215;119;87m✻\u001b[39m \u001b[1mThinking…\u001b[22m \u001b[2m(12s · ↑ 1.2k tokens)\u001b[22m\u001b[K\r\n',
  '\u001b[48;5;236m\u001b[38;5;114m+ const answer = 42;\u001b[39m\u001b[49m\u001b[0m\u001b[K\r\n│ \u001b[7m \u001b[27m │\r\n',
  '╭──────────────────────────────────────╮\r\n\u001b[2A\u001b[4G\u001b[?25l\u001b[?25h\u001b[?2026l',
].join('');

function pieces(pattern: string): Buffer[] {
  const whole = Buffer.alloc(MEGABYTES * 1e6, pattern);
  const count = Math.ceil(whole.length / PIECE);
  return Array.from({ length: count }, (_, index) => whole.subarray(index * PIECE, (index + 1) * PIECE));
}

/** Megabytes a second. */
function rate(input: readonly Buffer[], work: (piece: Buffer) => Buffer): number {
  const sink = Buffer.alloc(PIECE * 2);
  const start = performance.now();
  for (const piece of input) work(piece).copy(sink);
  return MEGABYTES / ((performance.now() - start) / 1000);
}

const rows = Object.entries({ 'plain text': PLAIN, 'full-screen agent': DRAWN }).map(([name, pattern]) => {
  const input = pieces(pattern);
  const best = { copied: 0, filtered: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const filter = new OutputFilter();
    best.copied = Math.max(
      best.copied,
      rate(input, (piece) => Buffer.from(piece)),
    );
    best.filtered = Math.max(
      best.filtered,
      rate(input, (piece) => filter.write(piece)),
    );
  }
  const { copied, filtered } = best;
  return [
    name,
    `${copied.toFixed(0)} MB/s`,
    `${filtered.toFixed(0)} MB/s`,
    `${(filtered / copied).toFixed(2)} x`,
  ];
});
console.log(columns([['50 MB of output', 'copied', 'filtered', 'ratio'], ...rows]));
