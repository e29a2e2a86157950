import { z } from 'zod';
import { isManifestName, NAME_RULE } from './name.ts';
import { fail } from './rule.ts';

const bottleName = z.string().superRefine((text, context) => {
  if (!isManifestName(text))
    fail(
      context,
      `is not the name of a bottle: ${NAME_RULE}`,
      'Write the name of a file in `bottles`, without `.md`.',
    );
});

const ignored = z.unknown().optional();

/** Frontmatter of an agent. */
export const agentFile = z.strictObject({
  bottle: bottleName,
  // Claude Code reads these in its sub-agent files; they mean nothing here, so that one file serves both.
  name: ignored,
  description: ignored,
  model: ignored,
  color: ignored,
  memory: ignored,
});

/** Keys of the original's agents that this version knows and refuses. */
export const AGENT_KEYS_TO_COME: ReadonlySet<string> = new Set(['skills', 'git-gate']);
