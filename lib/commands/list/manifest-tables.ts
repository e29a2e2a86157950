import { columns, cut } from '../../terminal/output.ts';
import type { Described } from './describe-manifests.ts';

const FROM = { home: 'home', cwd: 'working directory', examples: 'example' } as const;

/** In columns; a first line may be very long. */
const MAX_DESCRIPTION = 100;

/** Formats agents and bottles as two tables for a terminal of `width` columns. */
export function manifestTables(
  agents: readonly Described[],
  bottles: readonly Described[],
  width?: number,
): string {
  const rows = (all: readonly Described[], isBottle: boolean) =>
    all.map(({ name, bottle, template, origin, description }) => [
      name,
      bottle || '-',
      ...(isBottle ? [template || '-'] : []),
      FROM[origin],
      cut(description, MAX_DESCRIPTION),
    ]);
  return [
    columns([['AGENT', 'BOTTLE', 'FROM', 'WHAT IT IS'], ...rows(agents, false)], { width }),
    '',
    columns([['BOTTLE', 'EXTENDS', 'RUNS', 'FROM', 'WHAT IT IS'], ...rows(bottles, true)], { width }),
  ].join('\n');
}
