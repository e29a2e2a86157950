import { AGENT_KEYS_TO_COME, agentFile } from './agent-file.ts';
import { check } from './check.ts';
import { splitFrontmatter } from './frontmatter.ts';
import { readSource, type SourceFile } from './source-file.ts';
import type { AgentManifest, ManifestFile } from './types.ts';
import { type Position, parseYaml } from './yaml-tree.ts';

export interface ReadAgent {
  readonly agent: AgentManifest;
  /** Name of the bottle it runs in, and where in its file it says so. */
  readonly bottle: string;
  readonly bottlePosition: Position;
  readonly source: SourceFile;
}

/** @throws BottleError `manifest-invalid` */
export async function readAgent(found: ManifestFile): Promise<ReadAgent> {
  const source = await readSource(found.file);
  const { yaml, body } = splitFrontmatter(source);
  const tree = parseYaml(source, yaml);
  const keys = check(source, tree, { schema: agentFile, keysToCome: AGENT_KEYS_TO_COME });
  return {
    agent: { ...found, prompt: body },
    bottle: keys.bottle,
    bottlePosition: tree.positionOf(['bottle'], 'value'),
    source,
  };
}
