const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Formats bytes for people, such as `1.2 GB`. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < UNITS.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
