import { z } from 'zod';
import type { EnvValue } from '../types.ts';
import { fail } from './rule.ts';

const HOST_VARIABLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** `?` prompts at launch, `${NAME}` as the whole value reads the host variable, anything else is literal. */
export const envValue = z
  .string()
  .transform((text, context): EnvValue => {
    if (text.includes('\0')) {
      fail(
        context,
        'contains a NUL character, which environment variables cannot hold',
        'Remove the NUL character.',
      );
      return z.NEVER;
    }
    if (!text.isWellFormed()) {
      fail(context, 'contains half of a surrogate pair', 'Write the character itself, or the whole pair.');
      return z.NEVER;
    }
    if (text.startsWith('?')) return { kind: 'prompt', text: text.slice(1).trim() };
    const variable = HOST_VARIABLE.exec(text)?.[1];
    return variable === undefined ? { kind: 'literal', value: text } : { kind: 'host', variable };
  })
  .meta({
    description:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
      'A literal; `${NAME}` reads the host variable; `?` or `?question` prompts at launch.',
  });
