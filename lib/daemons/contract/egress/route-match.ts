import * as z from 'zod';

const pathCondition = z.strictObject({
  /** `prefix` ends at a `/` or at the end of the path; `regex` is RE2 syntax and must match the whole path. */
  type: z.enum(['prefix', 'exact', 'regex']),
  value: z.string().min(1).max(2048),
});

const headerCondition = z.strictObject({
  /** `regex` is RE2 syntax and must match the whole value. */
  type: z.enum(['exact', 'regex']),
  /** Lower case. */
  name: z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'a header name in lower case'),
  value: z.string().max(2048),
});

/** One entry of `matches`: all its conditions must hold; of its paths and methods, one each; of its headers, all. */
export const routeMatch = z
  .strictObject({
    paths: z.array(pathCondition).min(1).optional(),
    /** Upper case. */
    methods: z
      .array(z.string().regex(/^[A-Z0-9!#$%&'*+.^_`|~-]+$/, 'a method in upper case'))
      .min(1)
      .optional(),
    headers: z.array(headerCondition).min(1).optional(),
  })
  .refine((match) => Object.keys(match).length > 0, 'an entry without a condition would match everything');

export type RouteMatch = z.infer<typeof routeMatch>;
