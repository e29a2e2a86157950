import { mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { errorOf, textOf, workshop } from '../../support/manifest-workspace.ts';
import { agents } from './golden-cases/agents.ts';
import { egress } from './golden-cases/egress.ts';
import { envAndProvider } from './golden-cases/env-and-provider.ts';
import { extendsCases } from './golden-cases/extends.ts';
import { files } from './golden-cases/files.ts';
import { gitGate } from './golden-cases/git-gate.ts';
import type { GoldenCase } from './golden-cases/golden-case.ts';

/**
 * Each group is a file in `golden`. `vitest run -u` rewrites them; review the diff, because users see these
 * texts.
 */
const GROUPS: Readonly<Record<string, readonly GoldenCase[]>> = {
  files,
  'env-and-provider': envAndProvider,
  egress,
  'git-gate': gitGate,
  agents,
  extends: extendsCases,
};
const FOLDER = path.join(import.meta.dirname, 'golden');

async function complaint({ files: content, agent = 'dev', bottles = [], links = {} }: GoldenCase) {
  const sources = await workshop(content);
  for (const [where, target] of Object.entries(links)) {
    const link = path.join(sources.home, '..', where);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(target, link);
  }
  const error = await errorOf(loadManifest(agent, sources, { bottles }));
  expect(error.exitCode, error.message).toBe(65);
  return textOf(error, sources);
}

it.each(Object.keys(GROUPS))('every message about %s matches its golden file', async (group) => {
  const sections: string[] = [];
  for (const golden of GROUPS[group] ?? [])
    sections.push(`## ${golden.title}\n\n${await complaint(golden)}\n`);
  await expect(sections.join('\n')).toMatchFileSnapshot(path.join(FOLDER, `${group}.txt`));
});

it('every golden file belongs to a group of cases', async () => {
  const kept = (await readdir(FOLDER)).toSorted();
  expect(kept).toEqual(
    Object.keys(GROUPS)
      .map((group) => `${group}.txt`)
      .toSorted(),
  );
});
