import { z } from 'zod';
import type { EgressPolicy } from '../types.ts';
import { routeEntry } from './route-entry.ts';
import { fail } from './rule.ts';

/** Of several routes for one host, the first whose `matches` admit a request decides about it. */
const routeList = z.array(routeEntry).superRefine((routes, context) => {
  const last = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const before = last.get(route.host);
    const earlier = before === undefined ? undefined : routes[before];
    last.set(route.host, index);
    if (earlier === undefined) continue;
    if (earlier.matches === undefined) {
      const remedy = `Add \`matches\` to routes[${before}], or keep one of the two routes.`;
      fail(context, `names the same host as routes[${before}], which has no \`matches\``, remedy, [
        index,
        'host',
      ]);
    }
    // Both are decided when the agent connects, before it asks for anything.
    if (earlier.port !== route.port || (earlier.private ?? false) !== (route.private ?? false)) {
      const remedy = 'Give all routes of a host the same `port` and `private`.';
      fail(context, `names the same host as routes[${before}], but another port or \`private\``, remedy, [
        index,
        'host',
      ]);
    }
  }
});

/** `egress` of a bottle. */
export const egress = z
  .strictObject({
    routes: routeList.nullish().meta({
      description:
        'Hosts that the agent can reach; all others are denied. Of several entries for one host, the first whose `matches` admit a request decides.',
    }),
    log: z.literal([0, 1, 2]).nullish().meta({
      description: 'How much is logged: 0 only refusals, 1 also failures, 2 everything.',
      default: 0,
    }),
    learn: z.boolean().nullish().meta({
      description: 'Records what was denied for `make learn`; allows nothing more.',
      default: false,
    }),
    explain_denials: z.boolean().nullish().meta({
      description:
        'Whether a refused connection is accepted, so that the agent can read the refusal inside TLS.',
      default: true,
    }),
    pipelock: z.boolean().nullish().meta({
      description: 'Whether egress goes through pipelock; this machine must have its image.',
      default: false,
    }),
  })
  .transform(
    ({ routes, log, learn, explain_denials, pipelock }): EgressPolicy => ({
      routes: routes ?? [],
      log: log ?? 0,
      learn: learn ?? false,
      ...(explain_denials === false ? { explainDenials: false } : {}),
      ...(pipelock ? { pipelock } : {}),
    }),
  );
