import { join } from 'node:path';
import { KIT, type Sandbox } from './kit.ts';
import { type Answer, onTerminal } from './terminal.ts';

/** Runs a script of the kit, named by the first word, on its own terminal. */
export async function scriptOnTerminal(
  { env }: Sandbox,
  [script = '', ...args]: readonly string[],
  answers: readonly Answer[],
  extra: Readonly<Record<string, string>> = {},
) {
  const program = join(KIT, 'scripts', `${script}.ts`);
  return onTerminal([process.execPath, program, ...args], answers, { env: { ...env, ...extra } });
}
