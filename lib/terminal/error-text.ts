import type { BottleError } from '../errors.ts';
import { printable } from '../host/printable.ts';
import { paint } from './output.ts';

/**
 * An error as people read it: what is wrong, then what to do. One of several problems lists them all. Whatever value
 * a message repeats, it makes the terminal do nothing.
 */
export function errorText(error: BottleError): string {
  const lines = [`${paint('red', 'error')}: ${shown(error.message)}`];
  for (const [index, problem] of error.problems.entries()) lines.push(...entryOf(index + 1, problem));
  if (error.hint !== undefined) lines.push(`${paint('cyan', 'hint')}: ${shown(error.hint)}`);
  return lines.join('\n');
}

/** Safe to print, line by line. */
export function shown(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n');
}

function entryOf(number: number, { message, hint }: BottleError): string[] {
  const label = `${number}.`.padStart(4);
  const indent = (text: string) => shown(text).replaceAll('\n', '\n     ');
  const entry = `${label} ${indent(message)}`;
  return hint === undefined ? [entry] : [entry, `     ${paint('cyan', '→')} ${indent(hint)}`];
}
