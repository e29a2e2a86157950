import { BottleError } from '../../errors.ts';
import { findRepositoryRoot } from '../../git/repository.ts';
import { parseSize } from '../../host/size.ts';
import { findManifest, type ManifestSources } from '../../manifest/find.ts';
import { DEFAULT_MAX_BYTES, type WorkspaceChoice } from '../../plan/workspace.ts';
import { reasonNotToCopy } from '../../prepare/workspace.ts';
import type { Flags } from '../../terminal/flags.ts';

/** Flags that `launch` and `prepare` share. */
export const WORKSPACE_FLAGS = {
  cwd: {
    type: 'boolean',
    help: 'copy the working directory into the bottle; the default in a git repository',
  },
  'no-cwd': { type: 'boolean', help: 'do not' },
  'cwd-secrets': { type: 'boolean', help: 'copy files that look like secrets, too' },
  'cwd-max-size': { type: 'string', help: 'how large a folder without git may be, such as 5G; default 1G' },
} as const satisfies Flags;

export interface WorkspaceFlags {
  cwd: boolean;
  'no-cwd': boolean;
  'cwd-secrets': boolean;
  'cwd-max-size': string | undefined;
}

/**
 * Returns how the working directory is copied; undefined for not at all. Without a flag, it is copied if it is in a
 * git repository that is not the kit's own, and the agent is not one of the kit's examples.
 * @throws BottleError `usage`
 */
export async function chooseWorkspace(
  flags: WorkspaceFlags,
  { cwd, agent, sources }: { cwd: string; agent: string; sources: ManifestSources },
): Promise<WorkspaceChoice | undefined> {
  if (flags.cwd && flags['no-cwd']) {
    throw new BottleError('usage', 'both --cwd and --no-cwd were given', { hint: 'Give one of them.' });
  }
  const given = flags['cwd-max-size'];
  const choice = {
    takeSecrets: flags['cwd-secrets'],
    maxBytes: given === undefined ? DEFAULT_MAX_BYTES : parseSize(given),
  };
  if (flags['no-cwd']) return undefined;
  if (flags.cwd) return choice;
  const root = await findRepositoryRoot(cwd).catch(() => undefined);
  if (root === undefined || (await reasonNotToCopy(root)) !== undefined) return undefined;
  // A broken manifest is reported later.
  const found = await findManifest(sources, 'agents', agent).catch(() => undefined);
  return found?.origin === 'examples' ? undefined : choice;
}
