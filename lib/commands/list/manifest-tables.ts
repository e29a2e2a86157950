import { columns, cut } from '../../terminal/output.ts';
import type { Described } from './describe-manifests.ts';

const FROM = { home: 'home', cwd: 'working directory', examples: 'example' } as const;

/** Columns; a first line may be a whole text. */
const MAX_DESCRIPTION = 100;

/** Agents and bottles as two tables, one under the other, in a terminal of that many columns. */
export function manifestTables(
  agents: readonly Described[],
  bottles: readonly Described[],
  width?: number,
): string {
  const rows = (all: readonly Described[]) =>
    all.map(({ name, bottle, origin, description }) => [
      name,
      bottle || '-',
      FROM[origin],
      cut(description, MAX_DESCRIPTION),
    ]);
  return [
    columns([['AGENT', 'BOTTLE', 'FROM', 'WHAT IT IS'], ...rows(agents)], { width }),
    '',
    columns([['BOTTLE', 'EXTENDS', 'FROM', 'WHAT IT IS'], ...rows(bottles)], { width }),
  ].join('\n');
}
