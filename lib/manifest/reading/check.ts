import type { z } from 'zod';
import { printable } from '../../host/printable.ts';
import type { RetiredKeys } from '../schema/retired-keys.ts';
import { describeIssue } from './describe-issue.ts';
import { anyKeyPath, keyPath } from './key-path.ts';
import { knownKeys } from './known-keys.ts';
import { manifestInvalid, type Problem } from './problem.ts';
import type { SourceFile } from './source-file.ts';
import { didYouMean } from './suggest.ts';
import { valueAt } from './value-at.ts';
import type { Path, YamlTree } from './yaml-tree.ts';

export interface FileKind<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly retired: RetiredKeys;
}

/**
 * Parses the frontmatter with the schema of `kind`.
 * @throws BottleError `manifest-invalid` with every problem.
 */
export function check<Schema extends z.ZodType>(
  source: SourceFile,
  tree: YamlTree,
  kind: FileKind<Schema>,
): z.output<Schema> {
  const result = kind.schema.safeParse(tree.data);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, [], tree, kind));
  throw manifestInvalid(source, problems);
}

function problemsOf(
  issue: z.core.$ZodIssue,
  above: Path,
  tree: YamlTree,
  kind: FileKind<z.ZodType>,
): Problem[] {
  const path = [...above, ...issue.path.filter((segment) => typeof segment !== 'symbol')];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], key, knownKeys(kind.schema, path), tree, kind));
  }
  if (issue.code === 'invalid_union') {
    const nearest = nearestChoice(issue);
    if (nearest !== undefined) return nearest.flatMap((inner) => problemsOf(inner, path, tree, kind));
  }
  const isKey = issue.code === 'invalid_key';
  const deepest = isKey ? (issue.issues[0] ?? issue) : issue;
  const description = describeIssue(deepest, valueAt(tree.data, path), String(path.at(-1) ?? ''));
  return [{ path: keyPath(path), ...tree.positionOf(path, isKey ? 'key' : 'value'), ...description }];
}

/** Issues of a value whose shape fits, at its own path. */
const INSIDE: readonly string[] = ['custom', 'unrecognized_keys'];

/** Returns the issues of the union member whose shape fits, so the problem lies inside it. */
function nearestChoice(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] | undefined {
  return issue.errors.find(
    ([first]) => first !== undefined && (first.path.length > 0 || INSIDE.includes(first.code)),
  );
}

function unknownKey(
  path: Path,
  key: string,
  known: readonly string[],
  tree: YamlTree,
  kind: FileKind<z.ZodType>,
): Problem {
  const place = { path: keyPath(path), ...tree.positionOf(path, 'key') };
  const retired = kind.retired.get(anyKeyPath(path));
  if (retired !== undefined) return { ...place, ...retired };
  const message = `unknown key \`${printable(key)}\`${didYouMean(key, known)}`;
  return { ...place, message, remedy: `Keys here are: ${known.join(', ')}.` };
}
