import { z } from 'zod';
import { pathFault, regexFault } from '../../daemons/contract/egress/match-faults.ts';
import type { RouteMatch } from '../types.ts';
import { plainText } from './plain-text.ts';
import { fail } from './rule.ts';

/** Characters of a method or a header name (RFC 9110, section 5.6.2). */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

const token = (what: string, example: string) =>
  z.string().superRefine((text, context) => {
    if (!TOKEN.test(text)) fail(context, `is not a valid ${what}`, `Write, for example, \`${example}\`.`);
  });

/** An empty list would match nothing or everything; neither is what the author meant. */
const someOf = <Entry extends z.ZodType>(entry: Entry) =>
  z
    .array(entry)
    .superRefine((list, context) => {
      if (list.length === 0) fail(context, 'is an empty list', 'Add an entry, or remove the key.');
    })
    .meta({ minItems: 1 });

/** Characters; the same limit as in egress. */
const MAX_CONDITION = 2048;

const condition = plainText.superRefine((text, context) => {
  if (text.length <= MAX_CONDITION) return;
  fail(context, `is longer than ${MAX_CONDITION} characters`, 'Shorten it.');
});

const path = z
  .strictObject({ type: z.enum(['prefix', 'exact', 'regex']).default('prefix'), value: condition })
  .superRefine(({ type, value }, context) => {
    if (type === 'regex') refuseBrokenRegex(value, context);
    else if (!value.startsWith('/'))
      fail(context, 'does not start with `/`', 'Write the full path.', ['value']);
    else refuseImpossiblePath(value, context);
  });

const header = z
  .strictObject({
    type: z.enum(['exact', 'regex']).default('exact'),
    name: token('header name', 'content-type').transform((name) => name.toLowerCase()),
    value: condition,
  })
  .superRefine(({ type, value }, context) => {
    if (type === 'regex') refuseBrokenRegex(value, context);
  });

/** Egress evaluates them in linear time, which rules out lookarounds and backreferences. */
function refuseBrokenRegex(value: string, context: z.core.$RefinementCtx): void {
  const fault = regexFault(value);
  if (fault === undefined) return;
  const remedy = 'Write it in RE2 syntax, which has neither lookarounds nor backreferences.';
  fail(context, `is not a valid RE2 regular expression: ${fault}`, remedy, ['value']);
}

function refuseImpossiblePath(value: string, context: z.core.$RefinementCtx): void {
  const fault = pathFault(value);
  if (fault === undefined) return;
  const remedy = 'Write only the path, as it appears in a URL: escaped once, without a query.';
  fail(context, `can never match the path of a request: ${fault}`, remedy, ['value']);
}

const match = z
  .strictObject({
    paths: someOf(path)
      .optional()
      .meta({ description: 'One of these paths; `type` is `prefix` when absent.' }),
    methods: someOf(token('method', 'GET').transform((method) => method.toUpperCase()))
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
      'has no condition, so every request would match',
      'Add `paths`, `methods` or `headers`, or remove `matches`.',
    );
  });

/** `matches` of a route. */
export const routeMatches = someOf(match);
