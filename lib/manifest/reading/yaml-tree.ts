import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { BottleError, messageOf } from '../../errors.ts';
import { printable } from '../../host/printable.ts';
import { manifestInvalid, type Problem } from './problem.ts';
import { quotePrompts } from './quote-prompts.ts';
import type { SourceFile } from './source-file.ts';
import { HIDDEN, visibleLines } from './visible-line.ts';

/** Bytes of YAML. Limited because checking for duplicate keys takes quadratic time. */
export const MAX_FRONTMATTER_BYTES = 32 * 1024;
/** The opening fence is line 1 of the file, so line 1 of the YAML is line 2. */
const LINES_BEFORE = 1;

export type Path = readonly (string | number)[];
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Frontmatter as plain data, with the source position of each value. */
export interface YamlTree {
  readonly data: unknown;
  /** Position of the key (or list entry) or value at `path`, or of the nearest existing parent. */
  positionOf(path: Path, what: 'key' | 'value'): Position;
}

/**
 * Parses frontmatter.
 * @throws BottleError `manifest-invalid` with each place that is not plain, unambiguous YAML.
 */
export function parseYaml(source: SourceFile, yaml: string): YamlTree {
  if (Buffer.byteLength(yaml) > MAX_FRONTMATTER_BYTES) {
    throw manifestInvalid(source, [
      problemAt({ line: 1, column: 1 }, 'has frontmatter of more than 32 KiB', 'Shorten the frontmatter.'),
    ]);
  }
  try {
    const { document, positionAt } = parsePrompting(yaml);
    const problems = [...syntaxProblems(source, document, positionAt), ...refusedNodes(document, positionAt)];
    if (problems.length > 0) throw manifestInvalid(source, problems);
    const data: unknown = document.toJS({ maxAliasCount: 0 });
    return { data: data ?? {}, positionOf: (path, what) => locate(document, path, what, positionAt) };
  } catch (error) {
    if (error instanceof BottleError) throw error;
    const problem = problemAt(
      { line: 1, column: 1 },
      `has frontmatter that cannot be read as YAML (${messageOf(error)})`,
      'Simplify the frontmatter.',
    );
    throw manifestInvalid(source, [problem]);
  }
}

interface Parsed {
  readonly document: Document.Parsed;
  positionAt(offset: number): Position;
}

function parsePrompting(yaml: string): Parsed {
  const parsed = parse(yaml);
  const { errors } = parsed.document;
  const broken = new Set(errors.map(({ pos }) => parsed.positionAt(pos[0]).line - LINES_BEFORE));
  const quoted = quotePrompts(yaml, broken);
  return quoted === yaml ? parsed : parse(quoted);
}

function parse(yaml: string): Parsed {
  const lineCounter = new LineCounter();
  const document = parseDocument(yaml, {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line) + LINES_BEFORE, column: Math.max(1, col) };
  };
  return { document, positionAt };
}

function problemAt(position: Position, message: string, remedy: string, path = ''): Problem {
  return { path, ...position, message, remedy };
}

function syntaxProblems(
  source: SourceFile,
  document: Document.Parsed,
  positionAt: (offset: number) => Position,
): Problem[] {
  const shown = visibleLines(source.lines);
  const found = new Map<string, Problem>();
  for (const { pos, code, message } of [...document.errors, ...document.warnings]) {
    const position = positionAt(pos[0]);
    // The parser's message may quote the source, so it is not shown if the line is hidden.
    const hidden = shown[position.line - 1]?.includes(HIDDEN) ?? true;
    const said = OWN_WORDS[code] ?? printable(message);
    const what = hidden ? code.toLowerCase().replaceAll('_', ' ') : said;
    const problem = problemAt(position, `is not valid YAML: ${what}`, remedyOf(code));
    found.set(`${position.line}:${position.column}:${what}`, problem);
    if (code === 'RESOURCE_EXHAUSTION') return [problem];
  }
  return [...found.values()];
}

/** Replaces messages of the parser that are written for programmers. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here',
  NON_STRING_KEY: 'a key must be a string',
};

function remedyOf(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'Keep one of the two entries.';
    case 'TAB_AS_INDENT':
      return 'Indent with spaces.';
    case 'RESOURCE_EXHAUSTION':
      return 'Reduce the nesting.';
    case 'MULTIPLE_DOCS':
      return 'Remove the `...` or `---` line that ends the first document.';
    case 'NON_STRING_KEY':
      return 'Write each key as a plain string, such as `egress`.';
    case 'TAG_RESOLVE_FAILED':
      return 'Remove the tag, the word that starts with `!`.';
    default:
      return 'Correct the indentation, or put the value in quotes.';
  }
}

/**
 * Rejects valid YAML that manifests do not need and that could make them mean something other than they show.
 */
function refusedNodes(document: Document.Parsed, positionAt: (offset: number) => Position): Problem[] {
  const problems: Problem[] = [];
  const refuse = (node: unknown, message: string, remedy: string) => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    problems.push(problemAt(positionAt(offset), message, remedy));
  };
  visit(document, {
    Alias: (_key, node) => refuse(node, 'an alias (`*name`) is not supported', 'Write out the value.'),
    Pair: (_key, pair) => {
      if (!isScalar(pair.key) || pair.key.value !== '__proto__') return;
      refuse(pair.key, '`__proto__` cannot be a key', 'Choose another name.');
    },
  });
  return problems;
}

function locate(
  document: Document.Parsed,
  path: Path,
  what: 'key' | 'value',
  positionAt: (offset: number) => Position,
): Position {
  let node: unknown = document.contents;
  let key: unknown;
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === segment);
      if (pair === undefined) break;
      key = pair.key;
      node = pair.value;
      continue;
    }
    const entry: unknown = isSeq(node) && typeof segment === 'number' ? node.items[segment] : undefined;
    if (entry === undefined) break;
    key = entry;
    node = entry;
  }
  const place = what === 'value' && isScalar(node) && node.value !== null ? node : (key ?? node);
  return isNode(place) && place.range ? positionAt(place.range[0]) : { line: 1, column: 1 };
}
