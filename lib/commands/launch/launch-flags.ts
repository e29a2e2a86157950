import { checkColor, checkLabel } from '../../bottle/label.ts';
import type { Flags } from '../../terminal/flags.ts';

/** What `launch` and `prepare` both take. */
export const CHOICE_FLAGS = {
  agent: { type: 'string', help: 'the agent' },
  bottles: { type: 'string', help: 'bottles to run in, as NAME,NAME; later ones over earlier ones' },
  label: { type: 'string', help: 'what to call the bottle, at most 64 bytes; also its name' },
  color: { type: 'string', help: 'one of 16 colours, for the label' },
} as const satisfies Flags;

export interface ChoiceFlags {
  agent: string | undefined;
  bottles: string | undefined;
  label: string | undefined;
  color: string | undefined;
}

/** @throws BottleError `usage` for a label or a colour that cannot be. */
export function launchChoice({ bottles, label, color }: ChoiceFlags) {
  const names = (bottles ?? '').split(',').map((name) => name.trim());
  return {
    bottles: names.filter((name) => name !== ''),
    label: checkLabel(label),
    color: checkColor(color),
    cwd: process.cwd(),
  };
}
