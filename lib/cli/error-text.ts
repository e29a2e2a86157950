import type { BottleError } from '../errors.ts';
import { paint } from './output.ts';

/** An error as people read it: what is wrong, then what to do. One of several problems lists them all. */
export function errorText(error: BottleError): string {
  const lines = [`${paint('red', 'error')}: ${error.message}`];
  for (const [index, problem] of error.problems.entries()) lines.push(...entryOf(index + 1, problem));
  if (error.hint !== undefined) lines.push(`${paint('cyan', 'hint')}: ${error.hint}`);
  return lines.join('\n');
}

function entryOf(number: number, { message, hint }: BottleError): string[] {
  const label = `${number}.`.padStart(4);
  const indent = (text: string) => text.replaceAll('\n', '\n     ');
  const entry = `${label} ${indent(message)}`;
  return hint === undefined ? [entry] : [entry, `     ${paint('cyan', '→')} ${indent(hint)}`];
}
