import { BottleError } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Parses a size such as `500M`, in powers of 1024. @returns bytes @throws BottleError `usage` */
export function parseSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)([KMGT]?)$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN);
  if (number !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new BottleError('usage', `the size '${text}' is not a number of bytes`, {
    hint: 'Write 500M or 10G, for instance.',
  });
}

/** Formats bytes for people. */
export function sizeText(bytes: number): string {
  for (const unit of ['T', 'G', 'M', 'K']) {
    const size = UNITS[unit] ?? 1;
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}iB`;
  }
  return `${bytes} B`;
}
