import { z } from 'zod';
import { fail } from './rule.ts';

/** URL of a forge's API, without a slash at its end. HTTPS only: a token is sent there. */
export const apiUrl = z
  .string()
  .transform((text, context): string => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isPlain = url?.protocol === 'https:' && url.username + url.password + url.search + url.hash === '';
    if (isPlain) return url.href.replace(/\/+$/, '');
    fail(context, 'is not the HTTPS URL of an API', 'Write, for example, `https://git.example.com/api/v1`.');
    return z.NEVER;
  })
  .meta({ pattern: '^https://' });
