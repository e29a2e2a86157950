import { isIP, isIPv4 } from 'node:net';

/** Normalizes a CIDR the way smolvm stores it: a bare address gets its full prefix; host bits are kept. */
export function parseCidr(text: string): string {
  const refused = () => new Error(`invalid CIDR '${text}': expected format like 10.0.0.0/8 or 1.1.1.1`);
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0 || address.includes('%')) throw refused();
  const bits = version === 4 ? 32 : 128;
  if (prefix === undefined) return `${address}/${bits}`;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) throw refused();
  return `${address}/${Number(prefix)}`;
}

/** Checks a host name for --allow-host. @throws Error when it has a port. */
export function checkHostName(text: string): void {
  if (!text.includes(':')) return;
  throw new Error(`invalid hostname '${text}': port suffixes are not supported. Use the bare hostname`);
}

export function wholeNumber(maximum: number): (text: string) => number {
  return (text) => {
    if (!/^\+?\d+$/.test(text)) throw new Error('invalid digit found in string');
    const value = Number(text);
    if (value > maximum) throw new Error(`${text} is not in 0..=${maximum}`);
    return value;
  };
}

export const parseU8 = wholeNumber(255);
export const parseU32 = wholeNumber(4_294_967_295);

/** Parses `HOST:GUEST`, or one port for both sides. */
export function parsePort(text: string): [number, number] {
  const [host = '', guest = host, ...more] = text.split(':');
  if (more.length > 0) throw new Error('expected HOST:GUEST or PORT');
  return [onePort(host), onePort(guest)];
}

function onePort(text: string): number {
  const port = wholeNumber(65_535)(text);
  if (port === 0) throw new Error('port must be between 1 and 65535');
  return port;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  msec: 1,
  s: 1_000,
  sec: 1_000,
  secs: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  mins: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** Milliseconds of a humantime duration such as `30s` or `1h30m`. @throws Error for bare numbers or zero. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/\s*(\d+)\s*([a-z]+)\s*/gy)];
  const read = parts.reduce((length, [whole]) => length + whole.length, 0);
  if (/^\s*\d+\s*$/.test(text))
    throw new Error(`time unit needed, for example ${text.trim()}sec or ${text.trim()}ms`);
  if (parts.length === 0 || read !== text.length) throw new Error('expected number at 0');
  const total = parts.reduce((sum, [, amount, unit = '']) => {
    const factor = UNITS[unit];
    if (factor === undefined) throw new Error(`unknown time unit "${unit}"`);
    return sum + Number(amount) * factor;
  }, 0);
  if (total === 0) throw new Error('duration must be greater than zero');
  return total;
}

export const isIpv4Cidr = (cidr: string) => isIPv4(cidr.split('/')[0] ?? '');
