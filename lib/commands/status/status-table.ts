import { LABEL_COLORS } from '../../bottle/metadata.ts';
import { columns, paint } from '../../terminal/output.ts';
import type { BottleStatus } from './status.ts';

/** Formats bottles as a table; daemons that are not ready are shown with their state. */
export function statusTable(bottles: readonly BottleStatus[]): string {
  if (bottles.length === 0) return 'no bottles';
  // Few bottles have one.
  const hasParents = bottles.some(({ parent }) => parent !== '');
  const withParent = (cells: readonly string[], parent: string) =>
    hasParents ? cells.toSpliced(2, 0, parent) : [...cells];
  const rows = bottles.map((bottle) =>
    withParent(
      [
        bottle.slug,
        bottle.agent,
        bottle.label || '-',
        bottle.state,
        bottle.phase || '-',
        bottle.since.replace(/\.\d+Z$/, 'Z'),
        daemonsOf(bottle),
        bottle.ports || '-',
        bottle.sessions.join(', ') || '-',
        size(bottle.memory),
        size(bottle.disk),
      ],
      bottle.parent || '-',
    ),
  );
  const [head = '', ...lines] = columns([withParent(HEAD, 'PARENT'), ...rows]).split('\n');
  return [head, ...lines.map((line, index) => inColor(line, bottles[index]))].join('\n');
}

const HEAD = [
  'BOTTLE',
  'AGENT',
  'LABEL',
  'STATE',
  'LAST PHASE',
  'SINCE',
  'DAEMONS',
  'PORTS',
  'SESSIONS',
  'MEMORY',
  'DISK',
];

function daemonsOf({ daemons }: BottleStatus): string {
  const words = Object.entries(daemons).map(([name, state]) =>
    state === 'ready' ? name : `${name}: ${state}`,
  );
  return words.join(', ') || '-';
}

/** Bytes as MiB, or GiB when large. */
function size(bytes: number | null): string {
  if (bytes === null) return '-';
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${Math.ceil(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

/** Colors only the label, in the finished line, since color would break the column widths. */
function inColor(line: string, bottle: BottleStatus | undefined): string {
  const color = LABEL_COLORS.find((known) => known === bottle?.color);
  if (bottle === undefined || bottle.label === '' || color === undefined) return line;
  const start = line.indexOf(bottle.label, bottle.slug.length);
  const [before, after] = [line.slice(0, start), line.slice(start + bottle.label.length)];
  return before + paint(color, bottle.label, process.stdout) + after;
}
