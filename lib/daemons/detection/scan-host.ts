import { type Finding, type ScanOptions, scanText } from './scan-text.ts';

/** Labels of a name before this count are too many to be anything but freight. */
const MANY_LABELS = 8;

/** What the name of a host carries out. Only worth asking where a route leaves labels to the agent's choice. */
export function scanHost(host: string, options: ScanOptions): Finding[] {
  if (options.detectors.size === 0) return [];
  const labels = host.split('.').slice(0, -2);
  const freight = labels.filter(
    (label) => carriesText(label) || /^(?=.*[0-9].*[a-z].*[0-9])[a-z0-9]{8,}$/.test(label),
  );
  if (labels.some(carriesText) || (labels.length >= MANY_LABELS && freight.length * 2 > labels.length)) {
    return [{ type: 'data-in-host-name', value: host, inPlainSight: false }];
  }
  // Names have no case: formats in upper case are looked for too.
  const joined = labels.join('');
  return [labels.join(' '), joined, joined.toUpperCase()]
    .flatMap((text) => scanText(text, options))
    .map((finding) => ({ ...finding, inPlainSight: false }));
}

/** Hexadecimal of readable text; a hash decodes to noise. */
function carriesText(label: string): boolean {
  if (!/^(?:[2-7][0-9a-f]){6,}$/.test(label)) return false;
  return /^[\x20-\x7e]+$/.test(Buffer.from(label, 'hex').toString('latin1')) && /[a-f]/.test(label);
}
