import { checkColor, checkLabel } from '../../bottle/label.ts';
import { writtenPath } from '../../manifest/written-path.ts';
import type { Flags } from '../../terminal/flags.ts';

/** Flags that `launch` and `prepare` share. */
export const CHOICE_FLAGS = {
  agent: { type: 'string', help: 'the agent' },
  bottles: { type: 'string', help: 'bottles to run in, as NAME,NAME; later ones override earlier ones' },
  // Not `env-file`: Node looks for its own flag of that name even among the arguments of a script.
  dotenv: { type: 'string', help: 'dotenv file with more variables of the agent' },
  label: { type: 'string', help: 'label of the bottle, at most 64 bytes; also makes its name' },
  color: { type: 'string', help: 'color of the label, one of 16' },
} as const satisfies Flags;

export interface ChoiceFlags {
  agent: string | undefined;
  bottles: string | undefined;
  dotenv?: string | undefined;
  label: string | undefined;
  color: string | undefined;
}

/** Parses the flags. @throws BottleError `usage` for an invalid label or color. */
export function launchChoice({ bottles, label, color, dotenv: envFile }: ChoiceFlags) {
  const cwd = process.cwd();
  const names = (bottles ?? '').split(',').map((name) => name.trim());
  return {
    bottles: names.filter((name) => name !== ''),
    label: checkLabel(label),
    color: checkColor(color),
    envFile: envFile ? writtenPath(envFile, undefined, { cwd }) : '',
    cwd,
  };
}
