import type { AuditLevel } from '../../contract/egress/audit.ts';
import type { AllowedValues, Route, RouteAuth, RoutesFile } from '../../contract/egress/routes.ts';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../../contract/selftest/selftest.ts';
import { type Condition, compileMatches } from './match-conditions.ts';
import { type ScanPlan, scanPlan } from './scan-plan.ts';

/** A route as egress evaluates it. */
export interface Rule {
  /** Normalized DNS name, or `*.` and one. Also the rule's name in the audit. */
  readonly host: string;
  /** Port for CONNECT. */
  readonly securePort: number;
  /** Port for plain HTTP; `undefined` when this host is never reached in plain text. */
  readonly plainPort: number | undefined;
  readonly auth: RouteAuth | undefined;
  /**
   * `public`: private addresses are refused; `private`: allowed; `selftest`: the upstream inside the bundle.
   */
  readonly upstream: 'public' | 'private' | 'selftest';
  /** Absent: every request matches. */
  readonly matches: Condition | undefined;
  /** Slots of all routes of the host: whatever was sent there might come back from there. */
  readonly hostSlots: readonly string[];
  /** Whether the host has other routes, or may soon, so that a tunnel to it may outlive this one. */
  readonly sharesHost: boolean;
  readonly gitFetch: boolean;
  readonly scan: ScanPlan;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
  readonly maxUses: number | undefined;
  /** Equal for two readings of an unchanged route: uses are counted by it. */
  readonly grant: string;
  /** As in the file; `undefined` for the built-in route. */
  readonly source: Route | undefined;
}

/** Everything that a decision depends on. Contains no token value. */
export interface Policy {
  /** Maps a host, or `*.` and a host, to its rules in order. The provider's rules come first. */
  readonly rules: {
    readonly provider: ReadonlyMap<string, readonly Rule[]>;
    readonly bottle: ReadonlyMap<string, readonly Rule[]>;
  };
  /** Slots that hold a usable token. */
  readonly filledSlots: ReadonlySet<string>;
  /** What is behind the git gate; for advice only. */
  readonly gated: NonNullable<RoutesFile['git_gate']>;
  /** How much is logged. */
  readonly log: AuditLevel;
  /** Whether denials are kept to be learned from. */
  readonly learn: boolean;
  /** Whether the agent can ask a person for a route. */
  readonly supervised: boolean;
  /** What persons let out although detection finds it. */
  readonly allowedValues: readonly AllowedValues[];
  /** Whether a CONNECT that is refused is accepted, to say so inside TLS. */
  readonly explainsDenials: boolean;
}

/** Built in, so that a launch can check the whole path offline. A routes file cannot name this host. */
const SELFTEST_RULE: Rule = {
  host: SELFTEST_HOST,
  securePort: 443,
  plainPort: undefined,
  auth: { scheme: 'Bearer', slot: SELFTEST_NONCE_ENV },
  upstream: 'selftest',
  matches: undefined,
  hostSlots: [SELFTEST_NONCE_ENV],
  sharesHost: false,
  gitFetch: false,
  scan: { outbound: new Set(), onMatch: 'block', passesLowRisk: false, inbound: false },
  expiresAt: undefined,
  maxUses: undefined,
  grant: SELFTEST_HOST,
  source: undefined,
};

/** @throws Error naming the route whose `matches` cannot be compiled. */
export function buildPolicy(file: RoutesFile, filledSlots: ReadonlySet<string>): Policy {
  const ownedBy = (owner: 'provider' | 'bottle') => {
    const routes = file.routes.filter((route) => (route.owner ?? 'bottle') === owner);
    return [...Map.groupBy(routes, ({ host }) => host)].map(
      ([host, alike]) => [host, rulesOf(alike)] satisfies [string, Rule[]],
    );
  };
  return {
    rules: {
      provider: new Map([...ownedBy('provider'), [SELFTEST_HOST, [SELFTEST_RULE]]]),
      bottle: new Map(ownedBy('bottle')),
    },
    filledSlots,
    gated: file.git_gate ?? [],
    log: file.log ?? 0,
    learn: file.learn ?? false,
    supervised: file.supervise ?? false,
    allowedValues: file.allowed_values ?? [],
    explainsDenials: file.explain_denials ?? true,
  };
}

/**
 * Finds the rules for a normalized host: provider before bottle, exact before suffix, longest suffix first. Empty if no
 * route names the host. They differ only in what depends on the request.
 */
export function rulesFor(policy: Policy, host: string): readonly Rule[] {
  for (const rules of [policy.rules.provider, policy.rules.bottle]) {
    const exact = rules.get(host);
    if (exact !== undefined) return exact;
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const suffix = rules.get(`*${host.slice(dot)}`);
      if (suffix !== undefined) return suffix;
    }
  }
  return [];
}

/** Every rule, including the built-in one. */
export function allRules(policy: Policy): Rule[] {
  return [...policy.rules.provider.values(), ...policy.rules.bottle.values()].flat();
}

/**
 * Tunnels that policy is certain to admit; a suffix does not name a host. The provider's hosts come first.
 */
export function knownTunnels(policy: Policy): { host: string; port: number }[] {
  const { provider, bottle } = policy.rules;
  return [...provider.values(), ...bottle.values()].flatMap(([first]) =>
    first === undefined || first.host.startsWith('*.') ? [] : [{ host: first.host, port: first.securePort }],
  );
}

/** The rules of one host. */
function rulesOf(routes: readonly Route[]): Rule[] {
  const hostSlots = [...new Set(routes.flatMap(({ auth }) => auth?.slot ?? []))];
  const sharesHost = routes.length > 1 || routes.some(({ grant }) => grant !== undefined);
  return routes.map((route) => {
    const matches = route.matches && conditionOf(route.host, route.matches);
    return { ...ruleOf(route), hostSlots, sharesHost, matches };
  });
}

function ruleOf(route: Route): Omit<Rule, 'matches' | 'hostSlots' | 'sharesHost'> {
  return {
    host: route.host,
    securePort: route.port ?? 443,
    plainPort: route.port ?? 80,
    auth: route.auth,
    upstream: route.private === true ? 'private' : 'public',
    gitFetch: route.git?.fetch === true,
    scan: scanPlan(route.dlp),
    expiresAt: route.expires_at === undefined ? undefined : Date.parse(route.expires_at),
    maxUses: route.max_uses,
    grant: JSON.stringify(route),
    source: route,
  };
}

function conditionOf(host: string, matches: NonNullable<Route['matches']>): Condition {
  try {
    return compileMatches(matches);
  } catch (error) {
    throw new Error(`the route of ${host}: ${error instanceof Error ? error.message : 'cannot be compiled'}`);
  }
}
