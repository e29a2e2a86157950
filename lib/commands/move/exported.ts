import { z } from 'zod';
import { isSlug } from '../../bottle/slug.ts';
import { committedSchema } from '../../guest/committed.ts';

/** The names in an exported archive. */
export const EXPORTED = {
  description: 'bottle.json',
  artifact: 'artifact',
  transcript: 'transcript',
  work: 'work.bundle',
} as const;

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What an exported archive says about itself. Holds no values of variables, no tokens and no paths of the machine. */
export const exportedBottle = z.strictObject({
  format: z.literal('bot-bottle-export'),
  version: z.literal(1),
  slug: z.string().refine(isSlug, 'the name of a bottle'),
  /** UTC, ISO 8601. */
  at: z.iso.datetime(),
  metadata: z.strictObject({
    agent_name: z.string(),
    bottle_names: z.array(z.string()),
    label: z.string(),
    color: z.string(),
    copy_cwd: z.boolean(),
    tier: z.enum(['alias', 'socket']).optional(),
  }),
  /** Absent when the bottle was never frozen. */
  artifact: z.strictObject({ committed: committedSchema, sha256: digest }).optional(),
  /** Whether there is a bundle of git with its work. */
  hasWork: z.boolean(),
});
export type ExportedBottle = z.infer<typeof exportedBottle>;
