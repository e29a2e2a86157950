import { z } from 'zod';
import { FORGES } from '../../forge/forges.ts';
import type { GitKey } from '../types.ts';
import { apiUrl } from './api-url.ts';
import { plainText } from './plain-text.ts';
import { fail } from './rule.ts';
import { variableName } from './variable-name.ts';

const PROVIDERS = ['static', 'token', ...FORGES] as const;
type Provider = (typeof PROVIDERS)[number];

/** User names are sent to the upstream, in a header and in a prompt's answer. */
const username = z.string().regex(/^[\x21-\x39\x3b-\x7e]{1,200}$/, {
  error: 'is not a user name: printable ASCII without spaces and colons',
});

const fields = z.strictObject({
  provider: z.enum(PROVIDERS).meta({
    description:
      'Where the key comes from: a file on the host, a token for an HTTPS upstream, or a deploy key that is made at the forge for each launch.',
  }),
  path: plainText.optional().meta({ description: 'With `static`: a private key file on the host.' }),
  token_ref: variableName.optional().meta({
    description: 'With all others: the host variable that holds a token for the forge.',
  }),
  provisioner_token: variableName.optional().meta({
    description: 'With a forge: older spelling of `token_ref`.',
    deprecated: true,
  }),
  username: username.optional().meta({
    description: `With \`token\`: the user name that goes with it. Most forges accept any.`,
  }),
  api_url: apiUrl.optional().meta({
    description: 'With a forge: the URL of its API, if it is not at the host of the upstream.',
  }),
});
type Fields = z.output<typeof fields>;

/** The providers that each field is for. */
const FOR: Readonly<Record<Exclude<keyof Fields, 'provider'>, readonly Provider[]>> = {
  path: ['static'],
  token_ref: ['token', ...FORGES],
  provisioner_token: FORGES,
  username: ['token'],
  api_url: FORGES,
};

/** `key` of a repository. */
export const gitKey = fields.superRefine(refuseForeign).superRefine(requireOwn).transform(keyOf);

function refuseForeign(key: Fields, context: z.core.$RefinementCtx): void {
  for (const [field, providers] of Object.entries(FOR)) {
    if (key[field as keyof typeof FOR] === undefined || providers.includes(key.provider)) continue;
    const message = `is not for provider \`${key.provider}\`, but for ${providers.map((name) => `\`${name}\``).join(', ')}`;
    fail(context, message, `Remove \`${field}\`, or choose another provider.`, [field]);
  }
}

function requireOwn(key: Fields, context: z.core.$RefinementCtx): void {
  const wanted = key.provider === 'static' ? 'path' : 'token_ref';
  const given = wanted === 'path' ? key.path : (key.token_ref ?? key.provisioner_token);
  if (given === undefined) {
    fail(context, `provider \`${key.provider}\` needs \`${wanted}\``, `Add \`${wanted}: …\`.`);
  }
  if (key.token_ref !== undefined && key.provisioner_token !== undefined) {
    fail(context, 'duplicates `token_ref`', 'Remove `provisioner_token`.', ['provisioner_token']);
  }
}

function keyOf(key: Fields): GitKey {
  const { provider, path = '' } = key;
  if (provider === 'static') return { kind: 'static', path };
  const tokenVariable = key.token_ref ?? key.provisioner_token ?? '';
  if (provider === 'token') {
    return {
      kind: 'token',
      tokenVariable,
      ...(key.username === undefined ? {} : { username: key.username }),
    };
  }
  return {
    ...{ kind: 'deploy', forge: provider, tokenVariable },
    ...(key.api_url === undefined ? {} : { apiUrl: key.api_url }),
  };
}
