import { z } from 'zod';
import type { EnvValue } from '../types.ts';
import { fail } from './rule.ts';

const HOST_VARIABLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** `?` asks at launch, `${NAME}` as the whole value reads the host's variable, anything else is literal. */
export const envValue = z
  .string()
  .transform((text, context): EnvValue => {
    if (text.includes('\0')) {
      fail(context, 'holds a NUL character, which no environment can', 'Remove the NUL character.');
      return z.NEVER;
    }
    if (!text.isWellFormed()) {
      fail(context, 'holds half of a character', 'Write the character itself, or both halves of it.');
      return z.NEVER;
    }
    if (text.startsWith('?')) return { kind: 'prompt', text: text.slice(1).trim() };
    const variable = HOST_VARIABLE.exec(text)?.[1];
    return variable === undefined ? { kind: 'literal', value: text } : { kind: 'host', variable };
  })
  .meta({
    description:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
      'A literal; `${NAME}` takes the variable of the host; `?` or `?question` asks at launch.',
  });
