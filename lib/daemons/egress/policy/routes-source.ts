import { readFile } from 'node:fs/promises';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { type RoutesFile, routesFile, routesText } from '../../contract/egress/routes.ts';

/** Maximum bytes of the file: some thousand routes. */
const MAX_BYTES = 1024 * 1024;

/** @throws Error naming the file when it cannot be read; naming file, line and key when it is not valid. */
export async function readRoutes(path: string): Promise<RoutesFile> {
  const text = await readFile(path, 'utf8');
  if (text.length > MAX_BYTES) throw new Error(`${path}: longer than ${MAX_BYTES} bytes`);
  return parseRoutes(text, path);
}

/** @throws Error whose message lists every fault as `file:line: key: what is wrong`. */
export function parseRoutes(text: string, file: string): RoutesFile {
  return parseGenerated(text) ?? parseYaml(text, file);
}

/**
 * Fast path for valid files that the host has written. For all others, the YAML parser reports faults better.
 */
function parseGenerated(text: string): RoutesFile | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const content = JSON.parse(text);
    return routesText(content) === text ? routesFile.safeParse(content).data : undefined;
  } catch {
    return undefined;
  }
}

function parseYaml(text: string, file: string): RoutesFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    throw new Error(`${file}:${lines.linePos(syntax.pos[0]).line}: not valid YAML: ${syntax.message}`);
  }
  const parsed = routesFile.safeParse(contentOf(document, file));
  if (parsed.success) return parsed.data;

  const lineOf = (path: readonly PropertyKey[], key?: string) => {
    const offset = offsetOf(document.contents, path, key);
    return offset === undefined ? 1 : lines.linePos(offset).line;
  };
  const faults = parsed.error.issues.flatMap((issue) => describe(issue, lineOf));
  throw new Error(faults.map((fault) => `${file}:${fault}`).join('\n'));
}

/** An alias without an anchor, or one that expands without bounds, only shows when it is resolved. */
function contentOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new Error(`${file}:1: not valid YAML: ${error instanceof Error ? error.message : 'an alias'}`);
  }
}

type LineOf = (path: readonly PropertyKey[], key?: string) => number;

function describe(issue: z.core.$ZodIssue, lineOf: LineOf): string[] {
  if (issue.code !== 'unrecognized_keys') {
    return [`${lineOf(issue.path)}: ${keyText(issue.path)}: ${issue.message}`];
  }
  return issue.keys.map((key) => `${lineOf(issue.path, key)}: ${keyText([...issue.path, key])}: unknown key`);
}

/** `['routes', 1, 'host']` as `routes[1].host`. */
function keyText(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}

/** Offset of the deepest node on `path` that the document has, or of `key` in it if given. */
function offsetOf(root: unknown, path: readonly PropertyKey[], key?: string): number | undefined {
  let node = root;
  for (const step of path) {
    const next: unknown = hasGet(node) ? node.get(step, true) : undefined;
    if (!isNode(next)) break;
    node = next;
  }
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && String(item.key) === key);
    if (isNode(pair?.key)) return pair.key.range?.[0];
  }
  return isNode(node) ? node.range?.[0] : undefined;
}

function hasGet(node: unknown): node is { get(key: PropertyKey, keepScalar: true): unknown } {
  return typeof node === 'object' && node !== null && 'get' in node;
}
