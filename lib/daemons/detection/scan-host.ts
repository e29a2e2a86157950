import { type Finding, type ScanOptions, scanText } from './scan-text.ts';

/** A name with this many labels before its last two is refused if most of them look like data. */
const MANY_LABELS = 8;

/** Finds data hidden in a host name. Only useful where a route lets the agent choose labels. */
export function scanHost(host: string, options: ScanOptions): Finding[] {
  if (options.detectors.size === 0) return [];
  const labels = host.split('.').slice(0, -2);
  const freight = labels.filter(
    (label) => carriesText(label) || /^(?=.*[0-9].*[a-z].*[0-9])[a-z0-9]{8,}$/.test(label),
  );
  if (labels.some(carriesText) || (labels.length >= MANY_LABELS && freight.length * 2 > labels.length)) {
    return [{ type: 'data-in-host-name', value: host, inPlainSight: false }];
  }
  // Host names are case-insensitive, so upper-case formats are tried too.
  const joined = labels.join('');
  return [labels.join(' '), joined, joined.toUpperCase()]
    .flatMap((text) => scanText(text, options))
    .map((finding) => ({ ...finding, inPlainSight: false }));
}

/** Whether the label is hex of readable text. A hash decodes to noise. */
function carriesText(label: string): boolean {
  if (!/^(?:[2-7][0-9a-f]){6,}$/.test(label)) return false;
  return /^[\x20-\x7e]+$/.test(Buffer.from(label, 'hex').toString('latin1')) && /[a-f]/.test(label);
}
