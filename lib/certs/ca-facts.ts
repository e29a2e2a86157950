import { randomBytes } from 'node:crypto';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A guest's clock may run behind the host's after the host slept. */
const BACKDATED_MS = HOUR_MS;
/** A bottle is minted anew at each launch and may be resumed for weeks; no browser rule binds a private root. */
const VALID_MS = 30 * DAY_MS;
/** X.520 upper bound of a common name, in characters. */
const MAX_COMMON_NAME = 64;

/** From when to when a CA that is minted now holds. */
export function caValidity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + VALID_MS) };
}

/** Common name of the CA that one daemon of a bottle signs with. */
export function caName(slug: string, daemon: 'egress' | 'pipelock'): string {
  const [before, after] = ['bot-bottle ', ` ${daemon} CA`];
  return `${before}${slug.slice(0, MAX_COMMON_NAME - before.length - after.length)}${after}`;
}

/** Hex of 20 bytes, the most that RFC 5280 allows; the first between 0x40 and 0x7f, so positive without padding. */
export function caSerialNumber(): string {
  const bytes = randomBytes(20);
  bytes[0] = (bytes.readUInt8(0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
