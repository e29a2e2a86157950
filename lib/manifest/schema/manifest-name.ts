import { z } from 'zod';
import { isManifestName, NAME_PATTERN, NAME_RULE } from '../name.ts';
import { fail } from './rule.ts';

/** The name of a bottle or a skill. Validated strictly, because it becomes a path segment. */
export function manifestName(what: string, remedy: string) {
  return z
    .string()
    .superRefine((text, context) => {
      if (!isManifestName(text)) fail(context, `is not a valid ${what} name: ${NAME_RULE}`, remedy);
    })
    .meta({ pattern: NAME_PATTERN.source });
}

export const bottleName = manifestName('bottle', 'Write the name of a file in `bottles`, without `.md`.');
