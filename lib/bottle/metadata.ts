import { z } from 'zod';
import { writeWhole } from './files.ts';
import { bottlePaths } from './paths.ts';
import { processIdentity } from './process-identity.ts';
import { readJson } from './read-json.ts';

/** What is known of a bottle before and after it lives. */
export const bottleMetadata = z.strictObject({
  identity: z.string(),
  agent_name: z.string(),
  /** UTC, ISO 8601. */
  started_at: z.iso.datetime(),
  backend: z.literal('smolmachines'),
  /** The launch that supervises this bottle; null for one brought up by hand. Its death makes the bottle an orphan. */
  owner: processIdentity.nullable(),
});
export type BottleMetadata = z.infer<typeof bottleMetadata>;

export async function readMetadata(slug: string): Promise<BottleMetadata | undefined> {
  return readJson(bottlePaths.metadata(slug), bottleMetadata);
}

export async function writeMetadata(metadata: BottleMetadata): Promise<void> {
  await writeWhole(bottlePaths.metadata(metadata.identity), `${JSON.stringify(metadata, null, 2)}\n`);
}
