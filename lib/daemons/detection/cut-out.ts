import { type Finding, type ScanOptions, scanPlainText } from './scan-text.ts';

/** Maximum passes over a text: cutting out one secret may expose another. */
const MAX_PASSES = 8;

/** Maximum distinct values that are cut out of one text; each costs a search. */
const MAX_VALUES = 256;

/** Replaces every secret that is visible in the text. Some may remain, so scan the result again. */
export function cutOut(text: string, options: ScanOptions): string {
  let clean = text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const typeOf = new Map(scanPlainText(clean, options).map(({ value, type }) => [value, type]));
    if (typeOf.size === 0 || typeOf.size > MAX_VALUES) return clean;
    clean = without(clean, typeOf);
  }
  return clean;
}

/** Secrets may contain or overlap one another. Each covered span is cut out once. */
function without(text: string, typeOf: ReadonlyMap<string, Finding['type']>): string {
  const spans = [...typeOf].flatMap(([value, type]) =>
    [...positionsOf(value, text)].map((start) => ({ start, end: start + value.length, type })),
  );
  spans.sort((one, other) => one.start - other.start || other.end - one.end);
  const parts: string[] = [];
  let end = 0;
  for (const span of spans) {
    if (span.start >= end) parts.push(text.slice(end, span.start), `REDACTED-${span.type}`);
    end = Math.max(end, span.end);
  }
  return [...parts, text.slice(end)].join('');
}

function* positionsOf(value: string, text: string): Generator<number> {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) yield at;
}
