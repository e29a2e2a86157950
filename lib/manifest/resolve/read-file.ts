import type { z } from 'zod';
import { check, type FileKind } from '../reading/check.ts';
import { splitFrontmatter } from '../reading/frontmatter.ts';
import { keyPath } from '../reading/key-path.ts';
import { readSource, type SourceFile } from '../reading/source-file.ts';
import { valueAt } from '../reading/value-at.ts';
import { type Path, parseYaml, type YamlTree } from '../reading/yaml-tree.ts';
import type { ManifestFile, Origins } from '../types.ts';
import type { Declared } from './declaration.ts';

/** A manifest file that was read and holds nothing wrong. */
export interface ReadFile<Keys> {
  readonly keys: Keys;
  /** What follows the frontmatter, stripped. */
  readonly body: string;
  readonly source: SourceFile;
  readonly tree: YamlTree;
  /** Where the keys at these paths stand, those that are there. */
  originsOf(...paths: readonly Path[]): Origins;
  /** `value` as this file's own, said at the first path; the others are its parts. */
  declared<T>(value: T, ...paths: readonly Path[]): Declared<T>;
}

/** @throws BottleError `manifest-invalid` with everything that is wrong with the file. */
export async function readFile<Schema extends z.ZodType>(
  found: ManifestFile,
  kind: FileKind<Schema>,
): Promise<ReadFile<z.output<Schema>>> {
  const source = await readSource(found.file);
  const { yaml, body } = splitFrontmatter(source);
  const tree = parseYaml(source, yaml);
  const keys = check(source, tree, kind);
  const { file, origin } = found;
  const originsOf = (...paths: readonly Path[]): Origins =>
    Object.fromEntries(
      paths
        .filter((path) => valueAt(tree.data, path) !== undefined)
        .map((path) => [keyPath(path), { file, line: tree.positionOf(path, 'key').line, origin }]),
    );
  const declared = <T>(value: T, ...paths: readonly Path[]) => ({ value, origins: originsOf(...paths) });
  return { keys, body, source, tree, originsOf, declared };
}
