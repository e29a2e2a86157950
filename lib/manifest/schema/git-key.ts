import { z } from 'zod';
import type { GitKey } from '../types.ts';
import { plainText } from './plain-text.ts';
import { fail } from './rule.ts';
import { variableName } from './variable-name.ts';

/** The field that each provider requires. */
const FIELD_OF = { static: 'path', gitea: 'provisioner_token' } as const;
const OTHER = { static: 'gitea', gitea: 'static' } as const;

/** `key` of a repository: a key file on the host, or a deploy key that is created for each launch. */
export const gitKey = z
  .strictObject({
    provider: z.enum(['static', 'gitea']).meta({ description: 'Where the key comes from.' }),
    path: plainText.optional().meta({ description: 'With `static`: a private key file on the host.' }),
    provisioner_token: variableName
      .optional()
      .meta({ description: 'With `gitea`: the host variable that holds a token for the forge.' }),
  })
  .superRefine((key, context) => {
    const wanted = FIELD_OF[key.provider];
    const foreign = FIELD_OF[OTHER[key.provider]];
    if (key[wanted] === undefined) {
      fail(context, `provider \`${key.provider}\` needs \`${wanted}\``, `Add \`${wanted}: …\`.`);
    }
    if (key[foreign] !== undefined) {
      fail(
        context,
        `is only for provider \`${OTHER[key.provider]}\``,
        `Remove \`${foreign}\`, or choose the other provider.`,
        [foreign],
      );
    }
  })
  .transform(
    (key): GitKey =>
      key.provider === 'static'
        ? { kind: 'static', path: key.path ?? '' }
        : { kind: 'gitea', tokenVariable: key.provisioner_token ?? '' },
  );
