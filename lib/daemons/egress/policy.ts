import type { RoutesFile } from '../contract/routes.ts';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../contract/selftest.ts';

export interface RuleAuth {
  /** First word of the injected `Authorization` header. */
  readonly scheme: 'Bearer' | 'token';
  /** Environment variable that holds the rest of it. */
  readonly slot: string;
}

/** One host that egress lets out. */
export interface Rule {
  /** Normalised DNS name; also the rule's name in the access log. */
  readonly host: string;
  /** Port for CONNECT. */
  readonly securePort: number;
  /** Port for plain HTTP; `undefined` when this host is never spoken to in plain text. */
  readonly plainPort: number | undefined;
  readonly auth: RuleAuth | undefined;
  /** `public`: private addresses refused; `private`: allowed; `selftest`: the upstream inside the bundle. */
  readonly upstream: 'public' | 'private' | 'selftest';
}

/** All that a decision depends on. Holds no token value. */
export interface Policy {
  readonly rules: ReadonlyMap<string, Rule>;
  /** Slots that hold a usable token. */
  readonly filledSlots: ReadonlySet<string>;
}

/** Built in, so that a launch can prove the path offline; a routes file cannot name this host. */
const SELFTEST_RULE: Rule = {
  host: SELFTEST_HOST,
  securePort: 443,
  plainPort: undefined,
  auth: { scheme: 'Bearer', slot: SELFTEST_NONCE_ENV },
  upstream: 'selftest',
};

export function buildPolicy(file: RoutesFile, filledSlots: ReadonlySet<string>): Policy {
  const rules = file.routes.map(
    (route): Rule => ({
      host: route.host,
      securePort: route.port ?? 443,
      plainPort: route.port ?? 80,
      auth: route.auth,
      upstream: route.private === true ? 'private' : 'public',
    }),
  );
  return { rules: new Map([...rules, SELFTEST_RULE].map((rule) => [rule.host, rule])), filledSlots };
}
