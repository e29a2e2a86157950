import { BottleError } from '../../errors.ts';
import { printable } from '../../host/printable.ts';
import { promptedVariable } from '../../plan/prompted.ts';
import type { Plan } from '../../plan/schema.ts';
import { type Asker, asking } from '../../terminal/ask.ts';
import { hasTerminal } from '../../terminal/has-terminal.ts';

/**
 * Prompts for the values that a bottle needs at launch (`?` in its manifest) and puts them into this
 * process's environment, which the phases inherit; they are in no argument, file or log. Skips values that
 * are already set.
 * @throws BottleError `variable-missing` when there is no terminal.
 */
export async function askPrompted(
  { environment: { prompted } }: Pick<Plan, 'environment'>,
  signal: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const open = Object.entries(prompted).filter(([name]) => !environment[promptedVariable(name)]);
  const [first] = open;
  if (first === undefined) return;
  if (!hasTerminal()) {
    const variables = open.map(([name]) => promptedVariable(name)).join(', ');
    throw new BottleError(
      'variable-missing',
      `${open.map(([name]) => name).join(', ')} must be entered at launch, but there is no terminal`,
      {
        hint: `Run this in a terminal, or export the answers as ${variables}.`,
      },
    );
  }
  await asking(signal, (ask) => askEach(open, ask, environment));
}

export async function askEach(
  open: readonly (readonly [name: string, question: string])[],
  ask: Pick<Asker, 'secret'>,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  for (const [name, question] of open) {
    const text = printable(question);
    environment[promptedVariable(name)] = await ask.secret(text === '' ? `${name}:` : `${text} (${name}):`);
  }
}
