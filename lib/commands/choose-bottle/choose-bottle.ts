import { BottleError } from '../../errors.ts';
import { asking } from '../../terminal/ask.ts';
import { hasTerminal } from '../../terminal/has-terminal.ts';
import { type BottleStatus, bottleStatuses } from '../status/status.ts';

export interface BottleChoice {
  /** What is done with the bottle, such as `freeze`. */
  readonly verb: string;
  /** Which bottles it can be done with, as an adjective such as `running`. */
  readonly kind: string;
  readonly fits: (status: BottleStatus) => boolean;
}

/**
 * Returns the bottle that was named, or else asks for one on a terminal.
 * @throws BottleError `usage`, listing those that fit, when none is named and there is no terminal; `state-missing` when
 * none fits.
 */
export async function chooseBottle(
  named: string | undefined,
  { verb, kind, fits }: BottleChoice,
  signal: AbortSignal,
): Promise<string> {
  if (named) return named;
  const fitting = (await bottleStatuses()).filter(fits);
  if (fitting.length === 0) {
    throw new BottleError('state-missing', `there is no ${kind} bottle to ${verb}`, {
      hint: '`make status` lists bottles, and `make launch AGENT=x` starts one.',
    });
  }
  if (!hasTerminal()) {
    throw new BottleError('usage', `the bottle to ${verb} is not named`, {
      hint: `Add BOTTLE=x, one of: ${fitting.map(({ slug }) => slug).join(', ')}.`,
    });
  }
  const choices = fitting.map(({ slug, agent, label, since }) => ({
    value: slug,
    label: slug,
    description: [agent, label, since].filter((text) => text !== '').join(', '),
  }));
  return asking(signal, (ask) => ask.choose(`Which bottle to ${verb}?`, choices));
}
