import path from 'node:path';
import { expect, it } from 'vitest';
import { scanPlainText } from '../../../../../lib/daemons/detection/index.ts';
import { KnownSecrets } from '../../../../../lib/daemons/egress/policy/known-secrets.ts';
import { takeReplacedTokens } from '../../../../../lib/daemons/egress/policy/replaced-tokens.ts';
import { writeFiles } from '../../../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../../../support/temporary-home.ts';

const home = useTemporaryHome();
const OLD = 'old-token-0123456789abcdef';
const NEW = 'new-token-0123456789abcdef';

async function taken(files: Readonly<Record<string, string>>) {
  const tokens = new Map([['EGRESS_TOKEN_0', OLD]]);
  const secrets = new KnownSecrets(tokens.values());
  await writeFiles(path.join(home.path, 'slots'), files);
  const changed = await takeReplacedTokens(path.join(home.path, 'slots'), tokens, secrets);
  const detectors = new Set(['known_secrets'] as const);
  const finds = (text: string) => scanPlainText(text, { detectors, findKnown: secrets.find }).length > 0;
  return { changed, token: tokens.get('EGRESS_TOKEN_0'), size: tokens.size, finds };
}

it('a replaced token is used, and both it and the old one stay secrets', async () => {
  const { changed, token, finds } = await taken({ EGRESS_TOKEN_0: NEW });
  expect([changed, token]).toEqual([['EGRESS_TOKEN_0'], NEW]);
  expect([finds(`x ${OLD} y`), finds(`x ${NEW} y`), finds('neither')]).toEqual([true, true, false]);
});

it.each([
  ['a slot that the bottle does not have', { EGRESS_TOKEN_1: NEW }],
  ['another variable', { PATH: NEW }],
  ['a token that no header can carry', { EGRESS_TOKEN_0: 'two words' }],
  ['an empty token', { EGRESS_TOKEN_0: '' }],
])('%s is ignored', async (_title, files) => {
  const { changed, token, size } = await taken(files);
  expect([changed, token, size]).toEqual([[], OLD, 1]);
});
