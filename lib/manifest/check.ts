import type { z } from 'zod';
import { knownKeys } from './known-keys.ts';
import { printable } from './printable.ts';
import { manifestInvalid, type Problem } from './problem.ts';
import type { SourceFile } from './source-file.ts';
import { didYouMean } from './suggest.ts';
import type { Path, YamlTree } from './yaml-tree.ts';

export interface FileKind<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** Paths such as `egress.routes[].dlp`, whose refusal says that they are to come. */
  readonly keysToCome: ReadonlySet<string>;
}

/** The frontmatter as `kind` understands it. @throws BottleError `manifest-invalid` with all that is wrong. */
export function check<Schema extends z.ZodType>(
  source: SourceFile,
  tree: YamlTree,
  kind: FileKind<Schema>,
): z.output<Schema> {
  const result = kind.schema.safeParse(tree.data);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, tree, kind));
  throw manifestInvalid(source, problems);
}

function problemsOf(issue: z.core.$ZodIssue, tree: YamlTree, kind: FileKind<z.ZodType>): Problem[] {
  const path = issue.path.filter((segment) => typeof segment !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], key, knownKeys(kind.schema, path), tree, kind));
  }
  const isKey = issue.code === 'invalid_key';
  const deepest = isKey ? (issue.issues[0] ?? issue) : issue;
  const { message, remedy } = describe(deepest, valueAt(tree.data, path), path);
  return [{ path: pathText(path), ...tree.positionOf(path, isKey ? 'key' : 'value'), message, remedy }];
}

function unknownKey(
  path: Path,
  key: string,
  known: readonly string[],
  tree: YamlTree,
  kind: FileKind<z.ZodType>,
): Problem {
  const toCome = kind.keysToCome.has(pathText(path.map((part) => (typeof part === 'number' ? '' : part))));
  const place = { path: pathText(path), ...tree.positionOf(path, 'key') };
  const remedy = `Keys here are: ${known.join(', ')}.`;
  if (toCome) return { ...place, message: 'not supported yet', remedy: 'Remove the key.' };
  return { ...place, message: `unknown key \`${printable(key)}\`${didYouMean(key, known)}`, remedy };
}

/** In the words of the manifest's author. The value itself is never part of them: it may be a secret. */
function describe(issue: z.core.$ZodIssue, value: unknown, path: Path): { message: string; remedy: string } {
  const key = String(path.at(-1) ?? '');
  if (issue.code === 'custom') {
    return { message: issue.message, remedy: String(issue.params?.remedy ?? 'Correct the value.') };
  }
  if (value === undefined) return { message: 'is missing', remedy: `Add \`${key}: …\` here.` };
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map((choice) => `\`${String(choice)}\``).join(' or ');
    return { message: `must be ${choices}`, remedy: `Write ${choices}.` };
  }
  if (issue.code !== 'invalid_type') return { message: issue.message, remedy: 'Correct the value.' };
  const expected = WORDS[issue.expected] ?? issue.expected;
  const message = `must be ${expected}, not ${kindOf(value)}`;
  if (issue.expected !== 'string') return { message, remedy: `Write ${expected} here.` };
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  return { message, remedy: isPlain ? 'Put the value in quotes.' : 'Write one text here.' };
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  array: 'a list',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = Object.entries(value).find(([key]) => key === String(segment))?.[1];
  }
  return value;
}

function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (part === '') return `${text}[]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
