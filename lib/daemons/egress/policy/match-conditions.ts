import { RE2JS } from 're2js';
import { canonicalTarget } from '../../contract/egress/canonical-path.ts';
import type { RouteMatch } from '../../contract/egress/route-match.ts';
import { Lru } from '../../shared/lru.ts';
import { valuesOf } from '../../shared/raw-headers.ts';
import { namedByConnection } from '../http/headers.ts';

/** The parts of a request that `matches` checks. */
export interface Matchable {
  readonly method: string;
  /** In canonical form. */
  readonly path: string;
  /** Name, value, name, value, ... */
  readonly rawHeaders: readonly string[];
}

export type Condition = (request: Matchable) => boolean;

/**
 * Compiles a route's whole `matches` into one function: any entry, all of its conditions. Regular expressions
 * run in RE2, in time linear in the text.
 * @throws Error when an expression is not valid RE2, or a path can never be that of a request.
 */
export function compileMatches(matches: readonly RouteMatch[]): Condition {
  const entries = matches.map(compileEntry);
  return (request) => entries.some((holds) => holds(request));
}

function compileEntry({ paths, methods, headers }: RouteMatch): Condition {
  const pathTests = paths?.map(({ type, value }) => pathTest(type, value));
  const wanted = methods === undefined ? undefined : new Set(methods);
  const headerTests = (headers ?? []).map(({ type, name, value }) => ({
    name,
    holds: textTest(type, value),
  }));
  return ({ method, path, rawHeaders }) =>
    (wanted === undefined || wanted.has(method)) &&
    (pathTests === undefined || pathTests.some((holds) => holds(path))) &&
    headerTests.every(({ name, holds }) => {
      // A header that was sent twice could be read as either, so both must match.
      const values = valuesOf(rawHeaders, name);
      if (values.length === 0 || !values.every(holds)) return false;
      // A header that does not reach the upstream cannot count as a match.
      return !namedByConnection(rawHeaders).has(name);
    });
}

function pathTest(type: 'prefix' | 'exact' | 'regex', value: string): (path: string) => boolean {
  if (type === 'regex') return textTest('regex', value);
  const canonical = canonicalTarget(value);
  if ('fault' in canonical) throw new Error(`the path ${value} can never match: ${canonical.fault}`);
  if (canonical.query !== '') throw new Error(`the path ${value} can never match: it holds a query`);
  if (type === 'exact') return (path) => path === canonical.path;
  const stem = canonical.path.replace(/\/+$/, '');
  return (path) => path === stem || path.startsWith(`${stem}/`);
}

function textTest(type: 'exact' | 'regex', value: string): (text: string) => boolean {
  if (type === 'exact') return (text) => text === value;
  const expression = compile(value);
  return (text) => expression.testExact(text);
}

/** Routes share expressions, and a reloaded file repeats nearly all of them. */
const compiled = new Lru<string, RE2JS>(1024);

function compile(value: string): RE2JS {
  try {
    return compiled.getOrMake(value, () => RE2JS.compile(value));
  } catch (error) {
    throw new Error(
      `${value} is no RE2 expression: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
}
