import { mkdir } from 'node:fs/promises';
import { type BottleMetadata, writeMetadata } from './metadata.ts';
import { bottleDirectory, stateDirectory } from './paths.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { mintSlug } from './slug.ts';

/** Mints a bottle's identity and its state directory. `owner` is the launch that will take it down, if any. */
export async function createBottle(agent: string, owner: ProcessIdentity | null): Promise<string> {
  await mkdir(stateDirectory(), { recursive: true, mode: 0o700 });
  const slug = mintSlug(agent);
  try {
    await mkdir(bottleDirectory(slug), { mode: 0o700 });
  } catch (error) {
    // One in sixty million: the slug is taken.
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      return createBottle(agent, owner);
    throw error;
  }
  const metadata: BottleMetadata = {
    identity: slug,
    agent_name: agent,
    started_at: new Date().toISOString(),
    backend: 'smolmachines',
    owner,
  };
  await writeMetadata(metadata);
  return slug;
}
