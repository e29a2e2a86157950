import type { SourceFile } from '../reading/source-file.ts';
import type { Position } from '../reading/yaml-tree.ts';
import { agentFile } from '../schema/agent-file.ts';
import { RETIRED_AGENT_KEYS } from '../schema/retired-keys.ts';
import type { AgentManifest, ManifestFile, Origins } from '../types.ts';
import type { DeclaredUser } from './declaration.ts';
import { declaredUser } from './declared-user.ts';
import { readFile } from './read-file.ts';

export interface ReadAgent {
  readonly agent: AgentManifest;
  /** The bottle that the agent names, if any; `bottlePosition` is its position in the file. */
  readonly bottle: string | undefined;
  readonly bottlePosition: Position;
  readonly gitUser: DeclaredUser;
  readonly source: SourceFile;
  /** Origins of `bottle` and `skills`. `gitUser` has its own. */
  readonly origins: Origins;
}

/** Reads an agent's file. @throws BottleError `manifest-invalid` */
export async function readAgent(found: ManifestFile): Promise<ReadAgent> {
  const read = await readFile(found, { schema: agentFile, retired: RETIRED_AGENT_KEYS });
  const { keys, body, source, tree } = read;
  return {
    agent: { ...found, prompt: body, skills: keys.skills ?? [] },
    bottle: keys.bottle ?? undefined,
    bottlePosition: tree.positionOf(['bottle'], 'value'),
    gitUser: declaredUser(read, keys['git-gate']?.user),
    source,
    origins: {
      ...(keys.bottle ? read.originsOf(['bottle']) : {}),
      ...(keys.skills ? read.originsOf(['skills']) : {}),
    },
  };
}
