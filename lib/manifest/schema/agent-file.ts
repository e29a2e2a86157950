import { z } from 'zod';
import { gitUser } from './git-user.ts';
import { bottleName, manifestName } from './manifest-name.ts';

const ignored = z.unknown().optional().meta({ description: 'For Claude Code’s sub-agents; ignored here.' });

const skillName = manifestName('a skill', 'Write the name of a directory of skills.');

/** Frontmatter of an agent. A key without a value counts as absent. */
export const agentFile = z.strictObject({
  bottle: bottleName
    .nullish()
    .meta({ description: 'The bottle that it runs in, when none is chosen at launch.' }),
  skills: z
    .array(skillName)
    .transform((names) => [...new Set(names)])
    .nullish()
    .meta({ description: 'Skills of the operator that the agent gets.' }),
  'git-gate': z
    .strictObject({
      user: gitUser
        .nullish()
        .meta({ description: 'Who the agent’s commits are by; overlays the bottle’s, field by field.' }),
    })
    .nullish()
    .meta({ description: 'The agent’s own git identity.' }),
  // Claude Code reads these in its sub-agent files; they mean nothing here, so that one file serves both.
  name: ignored,
  description: ignored,
  model: ignored,
  color: ignored,
  memory: ignored,
});

export type AgentKeys = z.output<typeof agentFile>;
