import { LABEL_COLORS } from '../../bottle/metadata.ts';
import { columns, paint } from '../../terminal/output.ts';
import type { BottleStatus } from './status.ts';

/** Formats bottles as a table; daemons that are not ready are shown with their state. */
export function statusTable(bottles: readonly BottleStatus[]): string {
  if (bottles.length === 0) return 'no bottles';
  const rows = bottles.map((bottle) => [
    bottle.slug,
    bottle.agent,
    bottle.label || '-',
    bottle.state,
    bottle.phase || '-',
    bottle.since.replace(/\.\d+Z$/, 'Z'),
    daemonsOf(bottle),
    bottle.ports || '-',
  ]);
  const [head = '', ...lines] = columns([HEAD, ...rows]).split('\n');
  return [head, ...lines.map((line, index) => inColor(line, bottles[index]))].join('\n');
}

const HEAD = ['BOTTLE', 'AGENT', 'LABEL', 'STATE', 'LAST PHASE', 'SINCE', 'DAEMONS', 'PORTS'];

function daemonsOf({ daemons }: BottleStatus): string {
  const words = Object.entries(daemons).map(([name, state]) =>
    state === 'ready' ? name : `${name}: ${state}`,
  );
  return words.join(', ') || '-';
}

/** Colors only the label, in the finished line, since color would break the column widths. */
function inColor(line: string, bottle: BottleStatus | undefined): string {
  const color = LABEL_COLORS.find((known) => known === bottle?.color);
  if (bottle === undefined || bottle.label === '' || color === undefined) return line;
  const start = line.indexOf(bottle.label, bottle.slug.length);
  const [before, after] = [line.slice(0, start), line.slice(start + bottle.label.length)];
  return before + paint(color, bottle.label, process.stdout) + after;
}
