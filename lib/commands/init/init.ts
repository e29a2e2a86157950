import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { BottleError } from '../../errors.ts';
import { writeAtomically } from '../../host/files.ts';
import type { ManifestSources } from '../../manifest/find.ts';
import { loadManifest } from '../../manifest/load.ts';
import { isManifestName, NAME_RULE } from '../../manifest/name.ts';

/** What `init` asks for. */
export interface FirstAgent {
  agent: string;
  bottle: string;
  template: string;
  /** Program and arguments; for the template `command` alone. */
  command: readonly string[];
  /** Empty for the provider's own. */
  dockerfile: string;
  /** Hosts that may be reached. */
  hosts: readonly string[];
  prompt: string;
}

/** @throws BottleError `usage` for a name that cannot be, or that has a file already */
export async function assertFree(kind: 'agents' | 'bottles', name: string, home: string): Promise<void> {
  if (!isManifestName(name)) {
    throw new BottleError('usage', `'${name}' cannot be a name`, { hint: `${NAME_RULE}.` });
  }
  const file = fileOf(kind, name, home);
  // A link to nowhere is somebody's, too.
  const isTaken = await lstat(file).then(
    () => true,
    () => false,
  );
  if (!isTaken) return;
  const variable = kind === 'agents' ? 'AGENT' : 'BOTTLE';
  throw new BottleError('usage', `${file} is there already, and is left as it is`, {
    hint: `Choose another name, or change that one: make edit ${variable}=${name}`,
  });
}

/**
 * Writes a bottle and an agent into the home, and reads them back as a launch would. Gives their files, of which
 * none is left when anything is wrong.
 * @throws BottleError `usage` when either is there already, `manifest-invalid` for an answer that cannot stand
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

function bottleKeys({ template, command, dockerfile, hosts }: FirstAgent): Record<string, unknown> {
  return {
    agent_provider: {
      template,
      ...(template === 'command' ? { command } : {}),
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
