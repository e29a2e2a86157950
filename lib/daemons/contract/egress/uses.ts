import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Route } from './routes.ts';

/** `uses.json`, in the directory of the audit: how often routes with `max_uses` were used. */
export const USES_FILE = 'uses.json';

/** Routes that are remembered at most; those that were not used for longest go first. */
export const MAX_COUNTED = 4096;

/** Bytes of the file at most. */
export const MAX_USES_BYTES = 1024 * 1024;

export const usesFile = z.strictObject({
  version: z.literal(1),
  /** By `routeKey`. */
  uses: z
    .array(z.strictObject({ route: z.string().regex(/^[0-9a-f]{32}$/), used: z.int().nonnegative() }))
    .max(MAX_COUNTED),
});
export type UsesFile = z.infer<typeof usesFile>;

/** Equal for two readings of an unchanged route. */
export function routeKey(route: Route): string {
  return keyOfText(JSON.stringify(route));
}

/** `text`: a route as JSON. */
export function keyOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
