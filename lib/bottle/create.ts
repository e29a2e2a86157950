import { mkdir } from 'node:fs/promises';
import { BottleError } from '../errors.ts';
import type { ProcessIdentity } from '../host/process-identity.ts';
import { writeMetadata } from './metadata.ts';
import { bottleDirectory, stateDirectory } from './paths.ts';
import { mintSlug, slugOfLabel } from './slug.ts';

export interface NewBottle {
  agent: string;
  /** Bottles chosen at launch, in order; empty for the one that the agent names. */
  bottles: readonly string[];
  cwd: string;
  /** How `cwd` is copied into the guest; undefined for not at all. */
  workspace?: { readonly takeSecrets: boolean; readonly maxBytes: number } | undefined;
  /** Absolute path of the dotenv file given at launch; empty for none. */
  envFile: string;
  /** Already validated; its letters and digits name the bottle. Empty for none. */
  label: string;
  color: string;
  /** The launch that will tear the bottle down, if any. */
  owner: ProcessIdentity | null;
  /** Whether a label whose name is taken is an error; otherwise the name gets a suffix. */
  labelMustBeFree: boolean;
}

/**
 * Creates a bottle's identity and state directory.
 * @throws BottleError `label-taken` when the label's name is taken and must be free.
 */
export async function createBottle(bottle: NewBottle): Promise<string> {
  await mkdir(stateDirectory(), { recursive: true, mode: 0o700 });
  const slug = await claimSlug(bottle);
  await writeMetadata({
    identity: slug,
    agent_name: bottle.agent,
    cwd: bottle.cwd,
    copy_cwd: bottle.workspace !== undefined,
    ...(bottle.workspace === undefined
      ? {}
      : { copy_cwd_secrets: bottle.workspace.takeSecrets, copy_cwd_max_bytes: bottle.workspace.maxBytes }),
    started_at: new Date().toISOString(),
    compose_project: '',
    backend: 'smolmachines',
    label: bottle.label,
    color: bottle.color,
    bottle_names: [...bottle.bottles],
    env_file: bottle.envFile,
    owner: bottle.owner,
  });
  return slug;
}

async function claimSlug(bottle: NewBottle): Promise<string> {
  const named = slugOfLabel(bottle.label);
  if (named !== undefined) {
    if (await claim(named)) return named;
    if (bottle.labelMustBeFree) {
      throw new BottleError('label-taken', `a bottle named ${named} already exists`, {
        hint: `Choose another LABEL, or remove that bottle: make teardown BOTTLE=${named}`,
      });
    }
  }
  const slug = mintSlug(named ?? bottle.agent);
  // A collision of slugs has a chance of one in sixty million.
  return (await claim(slug)) ? slug : claimSlug(bottle);
}

/** Creates the bottle's directory; false when it already exists. */
async function claim(slug: string): Promise<boolean> {
  try {
    await mkdir(bottleDirectory(slug), { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
