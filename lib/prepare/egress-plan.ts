import type {
  EgressPolicy,
  ManifestRoute,
  RouteCredential,
  RouteDlp,
  RouteMatch,
} from '../manifest/types.ts';
import type { Plan } from '../plan/schema.ts';

type PlannedRoute = Plan['egress']['routes'][number];

/**
 * Plans the provider's routes, then the bottle's routes for other hosts. Each distinct host variable gets one
 * slot, in order of first use; routes that share a variable share its slot.
 */
export function egressPlan(policy: EgressPolicy, provided: readonly ManifestRoute[] = []): Plan['egress'] {
  const slots = new Map<string, string>();
  const slotOf = (variable: string) => {
    const slot = slots.get(variable) ?? `EGRESS_TOKEN_${slots.size}`;
    slots.set(variable, slot);
    return slot;
  };
  const routes = [
    ...provided.map((route) => ({ ...plannedRoute(route, slotOf), owner: 'provider' as const })),
    ...notProvided(policy.routes, provided).map((route) => plannedRoute(route, slotOf)),
  ];
  const { log, learn, explainDenials } = policy;
  return {
    routes,
    log,
    learn,
    ...(explainDenials === undefined ? {} : { explain_denials: explainDenials }),
    tokens: Object.fromEntries([...slots].map(([variable, slot]) => [slot, variable])),
  };
}

/** Returns the bottle's routes for hosts that the provider does not cover. */
export function notProvided(
  routes: readonly ManifestRoute[],
  provided: readonly ManifestRoute[],
): readonly ManifestRoute[] {
  return routes.filter(({ host }) => !provided.some((one) => one.host === host));
}

function plannedRoute(route: ManifestRoute, slotOf: (variable: string) => string): PlannedRoute {
  const { host, auth, port, matches, git, dlp } = route;
  return {
    host,
    ...(auth === undefined ? {} : { auth: plannedAuth(auth, slotOf) }),
    ...(port === undefined ? {} : { port }),
    ...(route.private === undefined ? {} : { private: route.private }),
    ...(matches === undefined ? {} : { matches: matches.map(plannedMatch) }),
    ...(git === undefined ? {} : { git: { fetch: git.fetch } }),
    ...(dlp === undefined ? {} : { dlp: plannedDlp(dlp) }),
  };
}

function plannedAuth(
  { header, scheme, query, tokenRef }: RouteCredential,
  slotOf: (variable: string) => string,
): NonNullable<PlannedRoute['auth']> {
  return {
    ...(header === undefined ? {} : { header }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(query === undefined ? {} : { query }),
    slot: slotOf(tokenRef),
  };
}

function plannedMatch({ paths, methods, headers }: RouteMatch): NonNullable<PlannedRoute['matches']>[number] {
  return {
    ...(paths === undefined ? {} : { paths: [...paths] }),
    ...(methods === undefined ? {} : { methods: [...methods] }),
    ...(headers === undefined ? {} : { headers: [...headers] }),
  };
}

function plannedDlp(dlp: RouteDlp): NonNullable<PlannedRoute['dlp']> {
  const { outboundDetectors, inboundDetectors, outboundOnMatch, outboundLowRisk } = dlp;
  return {
    ...(outboundDetectors === undefined ? {} : { outbound_detectors: [...outboundDetectors] }),
    ...(inboundDetectors === undefined ? {} : { inbound_detectors: [...inboundDetectors] }),
    ...(outboundOnMatch === undefined ? {} : { outbound_on_match: outboundOnMatch }),
    ...(outboundLowRisk === undefined ? {} : { outbound_low_risk: outboundLowRisk }),
  };
}
