import { type Finding, type ScanOptions, scanPlainText } from '../../detection/index.ts';

/** Times that a text is gone through: cutting out one kind of secret may lay open another. */
const MAX_PASSES = 8;

/** Different values that are cut out of one text; the text is gone through for each. */
const MAX_VALUES = 256;

/** The text with every secret that stands in plain sight replaced. Something may be left: scan the result again. */
export function cutOut(text: string, options: ScanOptions): string {
  let clean = text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const typeOf = new Map(scanPlainText(clean, options).map(({ value, type }) => [value, type]));
    if (typeOf.size === 0 || typeOf.size > MAX_VALUES) return clean;
    clean = without(clean, typeOf);
  }
  return clean;
}

/** Secrets may hold, or run into, one another: what any of them covers is cut out, once. */
function without(text: string, typeOf: ReadonlyMap<string, Finding['type']>): string {
  const spans = [...typeOf].flatMap(([value, type]) =>
    [...placesOf(value, text)].map((start) => ({ start, end: start + value.length, type })),
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

function* placesOf(value: string, text: string): Generator<number> {
  for (let place = text.indexOf(value); place >= 0; place = text.indexOf(value, place + 1)) yield place;
}
