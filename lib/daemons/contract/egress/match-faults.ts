import { RE2JS } from 're2js';
import { canonicalTarget } from './canonical-path.ts';

/** Why an expression is none that egress can run, in the words of RE2; nothing when it can. */
export function regexFault(expression: string): string | undefined {
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    // It repeats the expression, which whoever asks has at hand.
    return error instanceof Error
      ? error.message.replace(/^error parsing regexp: /, '').replace(/: `.*$/s, '')
      : 'unreadable';
  }
}

/** Why no request can ever have this path, as egress compares paths; nothing when one can. */
export function pathFault(path: string): string | undefined {
  const target = canonicalTarget(path);
  if ('fault' in target) return target.fault;
  return target.query === '' ? undefined : 'it holds a query';
}
