import { expect, it } from 'vitest';
import { SecretSearch } from '../../../lib/freeze/secret-search.ts';

const BOOTED = Date.parse('2026-03-01T12:00:00Z');
const VALUE = 'a-secret-of-the-bottle';
/** Of a kind that is known; made up here, so that no file holds it. */
const TOKEN = `ghp_${'A1b2C3d4E5'.repeat(4).slice(0, 36)}`;

function search(path: string, parts: readonly string[], changed = BOOTED / 1000 + 1): string[] {
  const found = new SecretSearch({
    values: [VALUE, 'short'],
    except: new Set(['home/node/.codex/auth.json']),
    since: BOOTED,
  });
  const treatment = found.treat({ path, isFile: true, isSymlink: false, target: '', changed });
  if (treatment?.kind !== 'observe') return ['not searched'];
  for (const part of [...parts, '']) treatment.observe(Buffer.from(part));
  return found.found.flatMap((file) => [file.path, ...file.kinds]);
}

it.each<[string, string, string[], string[]]>([
  [
    'the bottle’s own secret',
    'home/node/.npmrc',
    [`token=${VALUE}\n`],
    ['/home/node/.npmrc', 'a secret of this bottle'],
  ],
  [
    'one that is split',
    'srv/a',
    ['x a-sec', 'ret-of', '-the-bottle y'],
    ['/srv/a', 'a secret of this bottle'],
  ],
  ['one in a package', 'srv/node_modules/a/b', [VALUE], ['/srv/node_modules/a/b', 'a secret of this bottle']],
  ['one in a binary file', 'srv/db', [`\0\0${VALUE}`], ['/srv/db', 'a secret of this bottle']],
  ['a token of a known kind', 'home/node/a.env', [`T=${TOKEN}`], ['/home/node/a.env', 'github-token']],
  ['no token in what others wrote', 'home/node/node_modules/a/test.js', [TOKEN], []],
  ['nothing in ordinary text', 'home/node/a.txt', ['short and harmless'], []],
])('finds %s', (_what, path, parts, expected) => {
  expect(search(path, parts)).toEqual(expected);
});

it('does not search the image’s own files, nor those with the kit’s placeholders', () => {
  expect(search('home/node/old', [VALUE], BOOTED / 1000 - 10)).toEqual(['not searched']);
  expect(search('home/node/.codex/auth.json', [VALUE])).toEqual(['not searched']);
});
