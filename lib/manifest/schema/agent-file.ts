import { z } from 'zod';
import { gitUser } from './git-user.ts';
import { bottleName, manifestName } from './manifest-name.ts';

const ignored = z
  .unknown()
  .optional()
  .meta({ description: 'Used by Claude Code’s sub-agents; ignored here.' });

const skillName = manifestName('skill', 'Write the name of a skill’s directory.');

/** Frontmatter of an agent. A key without a value counts as absent. */
export const agentFile = z.strictObject({
  bottle: bottleName
    .nullish()
    .meta({ description: 'The bottle that the agent runs in unless one is chosen at launch.' }),
  skills: z
    .array(skillName)
    .transform((names) => [...new Set(names)])
    .nullish()
    .meta({ description: 'The operator’s skills that the agent gets.' }),
  'git-gate': z
    .strictObject({
      user: gitUser
        .nullish()
        .meta({ description: 'Author of the agent’s commits; overlays the bottle’s, field by field.' }),
    })
    .nullish()
    .meta({ description: 'The agent’s own git identity.' }),
  // Claude Code reads these in its sub-agent files. They are accepted so that one file can serve both.
  name: ignored,
  description: ignored,
  model: ignored,
  color: ignored,
  memory: ignored,
});
