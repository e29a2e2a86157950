import { z } from 'zod';
import { messageOf } from '../../errors.ts';
import { printable } from '../../host/printable.ts';
import { findManifest, type ManifestKind } from '../../manifest/find.ts';
import { listAgents, listBottles, type ManifestSources } from '../../manifest/load.ts';
import { splitFrontmatter } from '../../manifest/reading/frontmatter.ts';
import { readSource } from '../../manifest/reading/source-file.ts';
import { parseYaml } from '../../manifest/reading/yaml-tree.ts';
import type { ManifestFile } from '../../manifest/types.ts';

/** A manifest as shown in lists. */
export interface Described extends ManifestFile {
  /** The bottle that an agent names, or that a bottle extends; empty for none. */
  bottle: string;
  /** The template that a bottle names; empty when it names none, and for agents. */
  template: string;
  /** Its `description`, else the first line of its text; the problem if it cannot be read. */
  description: string;
  /** True when the file cannot be read. */
  isBroken: boolean;
}

export async function describeAgents(sources: ManifestSources): Promise<Described[]> {
  return Promise.all((await listAgents(sources)).map((found) => describe(found, 'agents', sources)));
}

export async function describeBottles(sources: ManifestSources): Promise<Described[]> {
  return Promise.all((await listBottles(sources)).map((found) => describe(found, 'bottles', sources)));
}

const listedKeys = z.looseObject({
  bottle: z.string().optional().catch(undefined),
  extends: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  agent_provider: z.looseObject({ template: z.string().optional() }).optional().catch(undefined),
});

/** Reads a manifest without full validation; an unreadable file is listed with its first problem. */
async function describe(
  found: ManifestFile,
  kind: ManifestKind,
  sources: ManifestSources,
): Promise<Described> {
  try {
    // Refuses a link that leads out of its folder, as a launch does.
    await findManifest(sources, kind, found.name);
    const source = await readSource(found.file);
    const { yaml, body } = splitFrontmatter(source);
    const keys = listedKeys.catch({}).parse(parseYaml(source, yaml).data);
    const [line = ''] = (keys.description ?? body).trim().split('\n');
    return {
      ...found,
      bottle: printable(keys.bottle ?? keys.extends ?? ''),
      template: printable(keys.agent_provider?.template ?? ''),
      description: printable(line),
      isBroken: false,
    };
  } catch (error) {
    const [line = ''] = messageOf(error).split('\n');
    const problem = printable(`broken: ${line.replace(`${found.file}:`, 'line ')}`);
    return { ...found, bottle: '', template: '', description: problem, isBroken: true };
  }
}
