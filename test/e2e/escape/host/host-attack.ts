// biome-ignore-all lint/suspicious/noControlCharactersInRegex: controls are the subject
import type { Tier } from '../attack.ts';
import type { AttackedBottle } from './scene.ts';

/** Tried in the guest, and met on the host, where a person looks at it. */
export interface HostAttack {
  readonly name: string;
  readonly as: 'host';
  readonly tiers?: readonly Tier[];
  readonly meets: RegExp | Readonly<Record<Tier, RegExp>>;
  /** @returns what it met, on one line. */
  run(bottle: AttackedBottle): Promise<string>;
}

/** Runs the same work once a bottle, for all attacks that look at its outcome. */
export function once<Outcome>(work: (bottle: AttackedBottle) => Promise<Outcome>) {
  const outcomes = new Map<string, Promise<Outcome>>();
  return (bottle: AttackedBottle): Promise<Outcome> => {
    const outcome = outcomes.get(bottle.slug) ?? work(bottle);
    outcomes.set(bottle.slug, outcome);
    return outcome;
  };
}

const CONTROLS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

/**
 * Says whether a text that a person was shown has something in it that acts on a terminal or on the eye.
 * @param marks what must be in it, so that it is known to have been shown.
 */
export function judged(shown: string, ...marks: readonly string[]): string {
  const missing = marks.filter((mark) => !shown.includes(mark));
  if (missing.length > 0) return `not shown: ${missing.join(', ')} in ${JSON.stringify(shown.slice(-300))}`;
  const found = CONTROLS.exec(shown);
  if (found === null) return 'shown inert';
  const around = shown.slice(Math.max(0, found.index - 20), found.index + 20);
  return `shown with U+${found[0].codePointAt(0)?.toString(16)} in ${JSON.stringify(around)}`;
}
