import * as z from 'zod';

/** How a refusal names a finding; the same value in the same repository has the same id for as long as the bottle lives. */
export const findingId = z.string().regex(/^f-[0-9a-f]{12}$/, 'the id of a finding, such as f-0123456789ab');

/**
 * `allowed.json` in `CONTAINER_PATHS.gitConfig`: findings that a person lets pass. The host replaces it whole; the gate
 * reads it at each push. Without it, or when it is not this, nothing passes.
 */
export const allowedFile = z.strictObject({
  version: z.literal(1),
  findings: z.array(z.strictObject({ id: findingId })).max(1000),
});
export type AllowedFile = z.infer<typeof allowedFile>;
