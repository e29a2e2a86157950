import { sizeText } from '../../host/size.ts';
import { visible, visibleName } from '../../host/visible.ts';
import { columns, cut, paint } from '../../terminal/output.ts';
import type { Json } from '../../transcripts/mask.ts';
import type { TranscriptSession } from '../../transcripts/sessions.ts';
import type { ShownEvent } from './shown-event.ts';

/** Columns of one line of what is shortened, and how many lines are shown of it. */
const WIDEST = 160;
const MOST_LINES = 6;

const COLORS = {
  user: 'cyan',
  agent: 'green',
  thinks: 'dim',
  calls: 'blue',
  result: 'dim',
  failed: 'yellow',
  denied: 'red',
  lost: 'red',
} as const;
type Label = keyof typeof COLORS;

/** Formats an event as lines for a terminal, which nothing in it can act on. Messages are whole, the rest is shortened. */
export function eventText(event: ShownEvent): string {
  const { label, text } = partsOf(event);
  const time = event.time?.replace(/\.\d+Z$/, 'Z') ?? '';
  const head = `${time.padEnd(20)}  ${label.padEnd(6)}  `;
  const whose = 'subagent' in event && event.subagent !== null ? `[${visibleName(event.subagent)}] ` : '';
  const [first = '', ...more] = `${whose}${visible(text)}`.trimEnd().split('\n');
  const lines = [head + first, ...more.map((line) => (line === '' ? '' : ' '.repeat(head.length) + line))];
  // Color is added last, since it would break the column widths.
  return lines.join('\n').replace(label, paint(COLORS[label], label, process.stdout));
}

function partsOf(event: ShownEvent): { label: Label; text: string } {
  switch (event.kind) {
    case 'message':
      return { label: event.who, text: event.text };
    case 'thought':
      return { label: 'thinks', text: shortened(event.text) };
    case 'call':
      return {
        label: 'calls',
        text: cut(oneLine(`${event.tool} ${inputText(event.input as Json)}`), WIDEST),
      };
    case 'result':
      return { label: event.failed ? 'failed' : 'result', text: shortened(event.text) };
    case 'denial':
      return { label: 'denied', text: denialText(event) };
    case 'gap':
      return { label: 'lost', text: `${event.lost} lines of the audit were lost here` };
  }
}

function denialText({ by, method, target, reason }: Extract<ShownEvent, { kind: 'denial' }>): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return oneLine(`${by === 'git-gate' ? 'git ' : ''}${method} ${target}${why}`);
}

/** The arguments of a call as they are read best: a single one as it is. */
function inputText(input: Json): string {
  if (typeof input === 'string') return input;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return JSON.stringify(input);
  const entries = Object.entries(input).map(([key, value]) => ({
    key,
    text: typeof value === 'string' ? value : JSON.stringify(value),
  }));
  const [only, ...more] = entries;
  if (only !== undefined && more.length === 0) return only.text;
  return entries.map(({ key, text }) => `${key}: ${text}`).join(', ');
}

function shortened(text: string): string {
  const lines = text.trimEnd().split('\n');
  const left = lines.length - MOST_LINES;
  const shown = lines.slice(0, MOST_LINES).map((line) => cut(line.slice(0, 4 * WIDEST), WIDEST));
  return [...shown, ...(left > 0 ? [`… ${left} more ${left === 1 ? 'line' : 'lines'}`] : [])].join('\n');
}

const oneLine = (text: string) =>
  text
    .slice(0, 4 * WIDEST)
    .replaceAll(/\s+/g, ' ')
    .trim();

/** Lists sessions, newest first. */
export function sessionTable(sessions: readonly TranscriptSession[]): string {
  const rows = sessions.map(({ id, file, parts }) => [
    visibleName(id),
    new Date(file.modified).toISOString().replace(/\.\d+Z$/, 'Z'),
    sizeText(file.bytes),
    parts.length === 0 ? '' : `${parts.length} subagents`,
  ]);
  return columns([['SESSION', 'LAST CHANGE', 'SIZE', ''], ...rows]);
}
