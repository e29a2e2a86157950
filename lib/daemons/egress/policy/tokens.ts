import { DEFAULT_CREDENTIAL_HEADER, type RouteAuth } from '../../contract/egress/routes.ts';
import { SELFTEST_NONCE_ENV } from '../../contract/selftest/selftest.ts';
import type { CredentialPlace, InjectedCredential } from '../http/credential.ts';
import type { Rule } from './policy.ts';

const SLOT = /^EGRESS_TOKEN_[0-9]+$/;

export function isTokenSlot(name: string): boolean {
  return SLOT.test(name);
}

/** Returns whether a header can carry it. */
export function isToken(value: string): boolean {
  return /^[\x21-\x7e]+$/.test(value);
}

export interface Tokens {
  /** Value of each usable slot. Never logged. */
  readonly values: Map<string, string>;
  /** Slots with a value that no HTTP header can carry; their routes stay blocked. */
  readonly unusable: readonly string[];
}

/** Reads the token slots from the environment. An empty slot counts as missing. */
export function readTokens(environment: NodeJS.ProcessEnv): Tokens {
  const values = new Map<string, string>();
  const unusable: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue;
    if (!isTokenSlot(name) && name !== SELFTEST_NONCE_ENV) continue;
    if (isToken(value)) values.set(name, value);
    else unusable.push(name);
  }
  return { values, unusable };
}

/**
 * The credential that a rule injects; `undefined` if it injects none.
 * @throws Error when its slot is empty, so that no request is ever sent without it.
 */
export function credentialFor(
  rule: Pick<Rule, 'auth'>,
  tokens: ReadonlyMap<string, string>,
): InjectedCredential | undefined {
  const place = credentialPlaceOf(rule);
  if (rule.auth === undefined || place === undefined) return undefined;
  const { scheme, slot } = rule.auth;
  const token = tokens.get(slot);
  if (token === undefined) throw new Error(`slot ${slot} is empty`);
  return { ...place, value: textOf(scheme, token) };
}

/** Where a rule's credential goes; `undefined` if it injects none. */
export function credentialPlaceOf({ auth }: Pick<Rule, 'auth'>): CredentialPlace | undefined {
  if (auth === undefined) return undefined;
  if (auth.query !== undefined) return { kind: 'query', name: auth.query };
  return { kind: 'header', name: auth.header ?? DEFAULT_CREDENTIAL_HEADER };
}

function textOf(scheme: RouteAuth['scheme'], token: string): string {
  if (scheme === undefined || scheme === 'none') return token;
  return `${scheme} ${scheme === 'Basic' ? Buffer.from(token).toString('base64') : token}`;
}
