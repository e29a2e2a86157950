import type { BottleError } from '../errors.ts';
import { printable } from '../host/printable.ts';
import { paint } from './output.ts';

/**
 * Formats an error for display: message, problems and hints. Values in messages are made safe to print on a
 * terminal.
 */
export function errorText(error: BottleError): string {
  const lines = [`${paint('red', 'error')}: ${shown(error.message)}`];
  for (const [index, problem] of error.problems.entries()) lines.push(...entryOf(index + 1, problem));
  if (error.hint !== undefined) lines.push(`${paint('cyan', 'hint')}: ${shown(error.hint)}`);
  return lines.join('\n');
}

/** Makes text safe to print, line by line. */
export function shown(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n');
}

function entryOf(number: number, { message, hint }: BottleError): string[] {
  const label = `${number}.`.padStart(4);
  const indent = (text: string) => shown(text).replaceAll('\n', '\n     ');
  const entry = `${label} ${indent(message)}`;
  return hint === undefined ? [entry] : [entry, `     ${paint('cyan', '→')} ${indent(hint)}`];
}
