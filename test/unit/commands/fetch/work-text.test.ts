// biome-ignore-all lint/suspicious/noControlCharactersInRegex: controls are the subject
import { expect, it } from 'vitest';
import { workText } from '../../../../lib/commands/fetch/work-text.ts';
import { asciiJson } from '../../../../lib/host/ascii-json.ts';
import type { FetchedRepository } from '../../../../lib/workspace/fetch-repository.ts';
import { SLUG, WorkedRepository } from '../../../support/worked-repository.ts';

const HIDDEN = '\u009b31m\u202egnp.exe\u200b\u{e0041}';
/** What acts on a terminal, or is not seen. */
const ACTS = /[\p{Cf}\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u;

it('what a fetch says of files and refused refs has no character that acts on a terminal or is not seen', async () => {
  const repository = new WorkedRepository({ old: 'a' }, { old: 'a', [`new${HIDDEN}`]: 'b' });
  const commit = (name: string) => repository.git('rev-parse', `refs/bottles/${SLUG}/${name}`);
  const fetched: FetchedRepository = {
    ...{ root: repository.directory, base: commit('base'), result: commit('HEAD'), branch: undefined },
    ...{ hasWork: true, changed: [], warnings: [`the ref 'x${HIDDEN}' is refused`] },
  };
  const text = await workText(SLUG, [fetched]);
  expect(text).toContain("the ref 'x<U+009B>31m<U+202E>gnp.exe<U+200B><U+E0041>' is refused");
  expect(text).not.toMatch(ACTS);
});

it('JSON for a terminal is ASCII, also when it is indented', () => {
  expect(asciiJson({ [HIDDEN]: 1 }, 2)).toBe('{\n  "\\u009b31m\\u202egnp.exe\\u200b\\udb40\\udc41": 1\n}');
});
