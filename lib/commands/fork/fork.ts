import { cp } from 'node:fs/promises';
import { createBottle } from '../../bottle/create.ts';
import { type BottleMetadata, writeMetadata } from '../../bottle/metadata.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { BottleError } from '../../errors.ts';
import {
  adoptCommitted,
  type Committed,
  committedPath,
  isWhole,
  readCommitted,
} from '../../guest/committed.ts';
import { isMissing } from '../../host/files.ts';
import { requireBottle } from '../../phases/running-bottle.ts';
import { DEFAULT_MAX_BYTES } from '../../plan/workspace.ts';

/**
 * Creates bottles that boot from the last freeze of another one, with its conversation and the same choices.
 * @returns their names; nothing is started yet.
 * @throws BottleError `state-missing` without a freeze.
 */
export async function createForks(slug: string, count: number): Promise<string[]> {
  const parent = await requireBottle(slug);
  const committed = await requireCommitted(slug);
  const forks: string[] = [];
  for (let made = 0; made < count; made += 1) forks.push(await createFork(parent, committed));
  return forks;
}

async function createFork(parent: BottleMetadata, committed: Committed): Promise<string> {
  const { identity, tier } = parent;
  const slug = await createBottle({
    agent: parent.agent_name,
    bottles: parent.bottle_names,
    cwd: parent.cwd,
    workspace: parent.copy_cwd
      ? {
          takeSecrets: parent.copy_cwd_secrets ?? false,
          maxBytes: parent.copy_cwd_max_bytes ?? DEFAULT_MAX_BYTES,
        }
      : undefined,
    envFile: parent.env_file,
    label: parent.label,
    color: parent.color,
    owner: null,
    labelMustBeFree: false,
  });
  await writeMetadata({
    ...(await requireBottle(slug)),
    parent: identity,
    ...(tier === undefined ? {} : { tier }),
  });
  await adoptCommitted(slug, committed, committedPath(identity, committed));
  await cp(bottlePaths.transcript(identity), bottlePaths.transcript(slug), { recursive: true }).catch(
    (error: unknown) => {
      if (!isMissing(error)) throw error;
    },
  );
  return slug;
}

async function requireCommitted(slug: string): Promise<Committed> {
  const committed = await readCommitted(slug);
  if (committed !== undefined && (await isWhole(slug, committed))) return committed;
  throw new BottleError('state-missing', `${slug} has no freeze`, {
    hint: `Bring it up and freeze it: make freeze BOTTLE=${slug}`,
  });
}
