import { z } from 'zod';
import type { RouteMatch } from '../types.ts';
import { plainText } from './plain-text.ts';
import { fail } from './rule.ts';

/** Characters of a method or a header name, by RFC 9110, section 5.6.2. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

const token = (what: string, example: string) =>
  z.string().superRefine((text, context) => {
    if (!TOKEN.test(text)) fail(context, `is not ${what}`, `Write such as \`${example}\`.`);
  });

/** An empty list would match nothing, or everything: neither is what its author meant. */
const someOf = <Entry extends z.ZodType>(entry: Entry) =>
  z
    .array(entry)
    .superRefine((list, context) => {
      if (list.length === 0) fail(context, 'is an empty list', 'Add an entry, or remove the key.');
    })
    .meta({ minItems: 1 });

const path = z
  .strictObject({ type: z.enum(['prefix', 'exact', 'regex']).default('prefix'), value: plainText })
  .superRefine(({ type, value }, context) => {
    if (type === 'regex') refuseBrokenRegex(value, context);
    else if (!value.startsWith('/'))
      fail(context, 'does not start with `/`', 'Write the whole path.', ['value']);
  });

const header = z
  .strictObject({
    type: z.enum(['exact', 'regex']).default('exact'),
    name: token('the name of a header', 'content-type').transform((name) => name.toLowerCase()),
    value: plainText,
  })
  .superRefine(({ type, value }, context) => {
    if (type === 'regex') refuseBrokenRegex(value, context);
  });

function refuseBrokenRegex(value: string, context: z.core.$RefinementCtx): void {
  try {
    new RegExp(value);
  } catch {
    fail(context, 'is not a regular expression of JavaScript', 'Correct the expression.', ['value']);
  }
}

const match = z
  .strictObject({
    paths: someOf(path)
      .optional()
      .meta({ description: 'One of these paths; `type` is `prefix` when absent.' }),
    methods: someOf(token('a method', 'GET').transform((method) => method.toUpperCase()))
      .optional()
      .meta({ description: 'One of these methods.' }),
    headers: someOf(header)
      .optional()
      .meta({ description: 'All of these headers; `type` is `exact` when absent.' }),
  })
  .transform(
    ({ paths, methods, headers }): RouteMatch => ({
      ...(paths === undefined ? {} : { paths }),
      ...(methods === undefined ? {} : { methods }),
      ...(headers === undefined ? {} : { headers }),
    }),
  )
  .superRefine((conditions, context) => {
    if (Object.keys(conditions).length > 0) return;
    fail(
      context,
      'has no condition, so that every request would match',
      'Add `paths`, `methods` or `headers`, or remove `matches`.',
    );
  });

/** `matches` of a route. */
export const routeMatches = someOf(match);
