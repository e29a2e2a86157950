import type { z } from 'zod';
import { check, type FileKind } from '../reading/check.ts';
import { splitFrontmatter } from '../reading/frontmatter.ts';
import { keyPath } from '../reading/key-path.ts';
import { readSource, type SourceFile } from '../reading/source-file.ts';
import { valueAt } from '../reading/value-at.ts';
import { type Path, parseYaml, type YamlTree } from '../reading/yaml-tree.ts';
import type { ManifestFile, Origins } from '../types.ts';
import type { Declared } from './declaration.ts';

/** A valid manifest file. */
export interface ReadFile<Keys> {
  readonly keys: Keys;
  /** The text after the frontmatter, trimmed. */
  readonly body: string;
  readonly source: SourceFile;
  readonly tree: YamlTree;
  /** Returns the origins of those keys at `paths` that exist. */
  originsOf(...paths: readonly Path[]): Origins;
  /** Wraps `value` with its origins: its own is at the first path, those of its parts at the others. */
  declared<T>(value: T, ...paths: readonly Path[]): Declared<T>;
}

/**
 * Reads and validates a manifest file.
 * @throws BottleError `manifest-invalid` with every problem in the file.
 */
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
