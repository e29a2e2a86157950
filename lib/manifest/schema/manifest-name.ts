import { z } from 'zod';
import { isManifestName, NAME_PATTERN, NAME_RULE } from '../name.ts';
import { fail } from './rule.ts';

/** The name of a bottle or a skill: it becomes a path segment, so nothing that breaks the rule passes. */
export function manifestName(what: string, remedy: string) {
  return z
    .string()
    .superRefine((text, context) => {
      if (!isManifestName(text)) fail(context, `is not the name of ${what}: ${NAME_RULE}`, remedy);
    })
    .meta({ pattern: NAME_PATTERN.source });
}

export const bottleName = manifestName('a bottle', 'Write the name of a file in `bottles`, without `.md`.');
