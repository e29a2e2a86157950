import type { EgressPolicy, ManifestRoute } from '../manifest/types.ts';
import type { Plan } from './schema.ts';

type PlannedRoute = Plan['egress']['routes'][number];

/** One slot per distinct host variable, in order of first use; routes that share a variable share its slot. */
export function egressPlan(policy: EgressPolicy): Plan['egress'] {
  const slots = new Map<string, string>();
  const slotOf = (variable: string) => {
    const slot = slots.get(variable) ?? `EGRESS_TOKEN_${slots.size}`;
    slots.set(variable, slot);
    return slot;
  };
  const routes = policy.routes.map((route) => plannedRoute(route, slotOf));
  return { routes, tokens: Object.fromEntries([...slots].map(([variable, slot]) => [slot, variable])) };
}

/** What else a route may say, `unsupported.ts` refuses for now. */
function plannedRoute(route: ManifestRoute, slotOf: (variable: string) => string): PlannedRoute {
  const { host, auth, port } = route;
  return {
    host,
    ...(auth === undefined ? {} : { auth: { scheme: auth.scheme, slot: slotOf(auth.tokenRef) } }),
    ...(port === undefined ? {} : { port }),
    ...(route.private === undefined ? {} : { private: route.private }),
  };
}
