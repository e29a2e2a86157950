import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { BottleError } from '../../errors.ts';
import { writeAtomically } from '../../host/files.ts';
import type { ManifestSources } from '../../manifest/find.ts';
import { loadManifest } from '../../manifest/load.ts';
import { isManifestName, NAME_RULE } from '../../manifest/name.ts';

/** The answers to the questions of `init`. */
export interface FirstAgent {
  agent: string;
  bottle: string;
  template: string;
  /** Program and arguments; empty for the provider's or the image's own. */
  command: readonly string[];
  /** What the agent signs in with; undefined when the bottle brings its own, or needs none. */
  credential?: { kind: string; token_ref?: string } | undefined;
  /** Empty for the provider's own. */
  dockerfile: string;
  /** Hosts that the bottle may reach. */
  hosts: readonly string[];
  prompt: string;
}

/** @throws BottleError `usage` for an invalid name, or one whose file already exists. */
export async function assertFree(kind: 'agents' | 'bottles', name: string, home: string): Promise<void> {
  if (!isManifestName(name)) {
    throw new BottleError('usage', `'${name}' is not a valid name`, { hint: `${NAME_RULE}.` });
  }
  const file = fileOf(kind, name, home);
  // `lstat`, so that a dangling link counts as taken.
  const isTaken = await lstat(file).then(
    () => true,
    () => false,
  );
  if (!isTaken) return;
  const variable = kind === 'agents' ? 'AGENT' : 'BOTTLE';
  throw new BottleError('usage', `${file} already exists, and was not changed`, {
    hint: `Choose another name, or edit that file: make edit ${variable}=${name}`,
  });
}

/**
 * Writes a bottle and an agent into the home, and loads them as a launch would. Removes both files on
 * failure.
 * @returns the paths of both files.
 * @throws BottleError `usage` when either already exists, `manifest-invalid` for an invalid answer.
 */
export async function writeFirstAgent(first: FirstAgent, sources: ManifestSources): Promise<string[]> {
  const { home } = sources;
  await assertFree('agents', first.agent, home);
  await assertFree('bottles', first.bottle, home);
  const [bottle, agent] = [fileOf('bottles', first.bottle, home), fileOf('agents', first.agent, home)];
  try {
    await writeAtomically(bottle, frontmatter(bottleKeys(first), `What ${first.agent} may reach and hold.`));
    await writeAtomically(agent, frontmatter({ bottle: first.bottle }, first.prompt));
    await loadManifest(first.agent, sources);
  } catch (error) {
    for (const file of [bottle, agent]) await rm(file, { force: true });
    throw error;
  }
  return [bottle, agent];
}

function bottleKeys({
  template,
  command,
  credential,
  dockerfile,
  hosts,
}: FirstAgent): Record<string, unknown> {
  return {
    agent_provider: {
      template,
      ...(command.length === 0 ? {} : { command }),
      ...(credential === undefined ? {} : { credential }),
      ...(dockerfile === '' ? {} : { dockerfile }),
    },
    ...(hosts.length === 0 ? {} : { egress: { routes: hosts.map((host) => ({ host })) } }),
  };
}

function frontmatter(keys: Record<string, unknown>, text: string): string {
  return `---\n${stringify(keys)}---\n${text}\n`;
}

function fileOf(kind: 'agents' | 'bottles', name: string, home: string): string {
  return join(home, kind, `${name}.md`);
}
