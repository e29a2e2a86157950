import { expectedIn, type GuestAttack, isTriedIn, type Tier } from '../attack.ts';
import type { HostAttack } from './host-attack.ts';
import type { Attacked } from './make-attacks.ts';

/** Characters of what an attack met that are shown. */
const WIDTH = 60;

/** A row an attack and tier: who tries what, in which tier, what it met, and whether it had to. */
export function tableOf(
  attacks: readonly (GuestAttack | HostAttack)[],
  attacked: ReadonlyMap<Tier, Attacked>,
): string {
  const rows = [...attacked].flatMap(([tier, { met }]) =>
    attacks
      .filter((attack) => isTriedIn(tier, attack))
      .map((attack) => {
        const what = met.get(attack.name) ?? 'not tried';
        const isOk = expectedIn(tier, attack).test(what);
        // A failure is shown whole.
        return [
          isOk ? 'ok' : 'FAILED',
          tier,
          attack.as,
          attack.name,
          isOk ? what.slice(0, WIDTH) : what,
        ] as const;
      }),
  );
  const heads = ['', 'TIER', 'AS', 'ATTACK', 'MET'] as const;
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const text = [heads, ...rows].map((row) =>
    row
      .map((cell, column) => (column === heads.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  );
  const failed = rows.filter(([verdict]) => verdict !== 'ok').length;
  return `${text.join('\n')}\n${rows.length} attacks tried, ${failed} FAILED`;
}
