import { z } from 'zod';
import type { EgressPolicy } from '../types.ts';
import { routeEntry } from './route-entry.ts';
import { fail } from './rule.ts';

/** One route per host: with two, it would be unclear which token is sent. */
const routeList = z.array(routeEntry).superRefine((routes, context) => {
  const first = new Map<string, number>();
  for (const [index, { host }] of routes.entries()) {
    const earlier = first.get(host);
    if (earlier === undefined) first.set(host, index);
    else {
      fail(context, `names the same host as routes[${earlier}]`, 'Keep one of the two routes.', [
        index,
        'host',
      ]);
    }
  }
});

/** `egress` of a bottle. */
export const egress = z
  .strictObject({
    routes: routeList
      .nullish()
      .meta({ description: 'Hosts that the agent can reach, one entry each; all others are denied.' }),
    log: z.literal([0, 1, 2]).nullish().meta({
      description: 'How much is logged: 0 only refusals, 1 also failures, 2 everything.',
      default: 0,
    }),
    learn: z.boolean().nullish().meta({
      description: 'Records what was denied for `make learn`; allows nothing more.',
      default: false,
    }),
    pipelock: z.boolean().nullish().meta({
      description: 'Whether egress goes through pipelock; this machine must have its image.',
      default: false,
    }),
  })
  .transform(
    ({ routes, log, learn, pipelock }): EgressPolicy => ({
      routes: routes ?? [],
      log: log ?? 0,
      learn: learn ?? false,
      ...(pipelock ? { pipelock } : {}),
    }),
  );
