import { BOTTLE_KEYS_TO_COME, bottleFile } from './bottle-file.ts';
import { check } from './check.ts';
import { splitFrontmatter } from './frontmatter.ts';
import { defaultProvider } from './provider-choice.ts';
import { readSource } from './source-file.ts';
import type { BottleManifest, ManifestFile } from './types.ts';
import { parseYaml } from './yaml-tree.ts';

/** The body of a bottle's file is for people. @throws BottleError `manifest-invalid` */
export async function readBottle(found: ManifestFile): Promise<BottleManifest> {
  const source = await readSource(found.file);
  const tree = parseYaml(source, splitFrontmatter(source).yaml);
  const keys = check(source, tree, { schema: bottleFile, keysToCome: BOTTLE_KEYS_TO_COME });
  return {
    ...found,
    env: keys.env ?? {},
    routes: keys.egress?.routes ?? [],
    provider: keys.agent_provider ?? defaultProvider,
  };
}
