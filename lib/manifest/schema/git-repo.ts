import { z } from 'zod';
import type { GitKey, GitRepo } from '../types.ts';
import { extraHosts } from './extra-hosts.ts';
import { gitKey } from './git-key.ts';
import { gitPush } from './git-push.ts';
import { gitUrl } from './git-url.ts';
import { hostKey } from './host-key.ts';
import { plainText } from './plain-text.ts';
import { fail } from './rule.ts';
import { variableName } from './variable-name.ts';

const provisionedKey = z.strictObject({
  provider: z.literal('gitea'),
  token_env: variableName,
});

/** Three spellings of the same setting; `key` is the newest. */
const KEY_SPELLINGS = ['key', 'identity', 'provisioned_key'] as const;

const fields = z.strictObject({
  url: gitUrl,
  host_key: hostKey.optional(),
  key: gitKey.optional().meta({ description: 'How the gate authenticates to the upstream.' }),
  identity: plainText.optional().meta({
    description: 'Older spelling of `key: {provider: static, path: …}`.',
    deprecated: true,
  }),
  provisioned_key: provisionedKey.optional().meta({
    description: 'Older spelling of `key: {provider: gitea, token_ref: …}`.',
    deprecated: true,
  }),
  push: gitPush,
  extra_hosts: extraHosts.nullish().meta({ description: 'Host -> IP address, for the gate’s hosts file.' }),
});

/** One entry of `git-gate.repos`. */
export const gitRepo = fields
  .superRefine((repo, context) => {
    const [first, second] = KEY_SPELLINGS.filter((spelling) => repo[spelling] !== undefined);
    if (first === undefined) {
      fail(
        context,
        'has no `key`',
        'Add `key: {provider: static, path: PRIVATE_KEY_FILE}`; with HTTPS, `key: {provider: token, token_ref: VARIABLE}`.',
      );
    } else if (second !== undefined) {
      fail(context, `duplicates \`${first}\``, 'Keep only one of `key`, `identity`, `provisioned_key`.', [
        second,
      ]);
    }
  })
  .superRefine(refuseOtherScheme)
  .transform(
    (repo): Omit<GitRepo, 'name'> => ({
      ...repo.url,
      ...(repo.host_key === undefined ? {} : { hostKey: repo.host_key }),
      key: keyOf(repo),
      push: repo.push,
      extraHosts: repo.extra_hosts ?? {},
    }),
  );

/** Keys are for SSH, tokens for HTTPS. */
function refuseOtherScheme(repo: z.output<typeof fields>, context: z.core.$RefinementCtx): void {
  const { kind } = keyOf(repo);
  const { scheme } = repo.url.upstream;
  const isToken = kind === 'token';
  if (isToken !== (scheme === 'https')) {
    const [message, remedy] = isToken
      ? [
          'is an SSH URL, but its key is a token for HTTPS',
          'Write `https://host/path.git`, or give it another key.',
        ]
      : [
          'is an HTTPS URL, but its key is for SSH',
          'Add `key: {provider: token, token_ref: VARIABLE}`, or write `ssh://git@host/path.git`.',
        ];
    fail(context, message, remedy, ['url']);
  }
  if (scheme === 'https' && repo.host_key !== undefined) {
    fail(context, 'is for SSH upstreams', 'Remove `host_key`: certificates prove who an HTTPS upstream is.', [
      'host_key',
    ]);
  }
}

function keyOf({ key, identity, provisioned_key }: z.output<typeof fields>): GitKey {
  if (key !== undefined) return key;
  if (provisioned_key !== undefined) {
    return { kind: 'deploy', forge: 'gitea', tokenVariable: provisioned_key.token_env };
  }
  return { kind: 'static', path: identity ?? '' };
}
