import type { Described } from '../commands/describe-manifests.ts';
import { columns, cut } from './output.ts';

const FROM = { home: 'home', cwd: 'working directory', examples: 'example' } as const;

/** Columns; what is longer would break the table's lines. */
const MAX_DESCRIPTION = 80;

/** Agents and bottles as two tables, one under the other. */
export function manifestTables(agents: readonly Described[], bottles: readonly Described[]): string {
  const rows = (all: readonly Described[]) =>
    all.map(({ name, bottle, origin, description }) => [
      name,
      bottle || '-',
      FROM[origin],
      cut(description, MAX_DESCRIPTION),
    ]);
  return [
    columns([['AGENT', 'BOTTLE', 'FROM', 'WHAT IT IS'], ...rows(agents)]),
    '',
    columns([['BOTTLE', 'EXTENDS', 'FROM', 'WHAT IT IS'], ...rows(bottles)]),
  ].join('\n');
}
