import { once } from 'node:events';
import * as z from 'zod';
import { daemonPort } from '../contract/daemons.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import {
  QUEUE_DIR_ENV,
  QUEUE_SLUG_ENV,
  SUPERVISE_CONTROL_ENV,
  SUPERVISE_MODE_ENV,
  SUPERVISE_PORT_ENV,
} from '../contract/supervise/environment.ts';
import { runDaemon } from '../shared/run-daemon.ts';
import { TIMINGS } from './await-decision.ts';
import { Desk } from './desk.ts';
import { EgressClient } from './egress-client.ts';
import { HELD_TIMINGS, listenForHeld } from './held-requests.ts';
import { Proposals } from './proposals.ts';
import { createSupervise } from './server.ts';

const environment = z.object({
  [QUEUE_DIR_ENV]: z.string().min(1).default(CONTAINER_PATHS.superviseQueue),
  [QUEUE_SLUG_ENV]: z.string().min(1).max(64),
  [SUPERVISE_PORT_ENV]: z.coerce.number().int().min(1).max(65535).default(daemonPort('supervise')),
  [SUPERVISE_CONTROL_ENV]: z.string().min(1).default(CONTAINER_PATHS.superviseControl),
  /** Anything else is refused: it must not pass for no `deny`. */
  [SUPERVISE_MODE_ENV]: z.enum(['deny', '']).default(''),
});

/** A line of the daemon's log, in ASCII: what it is about may come from the agent. */
function report(text: string): void {
  process.stderr.write(`${text.replace(/[^\x20-\x7e]/g, '?')}\n`);
}

async function start(): Promise<undefined> {
  const settings = environment.parse(process.env);
  const proposals = await Proposals.open({
    directory: settings[QUEUE_DIR_ENV],
    bottle: settings[QUEUE_SLUG_ENV],
    report,
  });
  const deniesAll = settings[SUPERVISE_MODE_ENV] === 'deny';
  const desk = new Desk({
    ...{ proposals, deniesAll, timings: TIMINGS },
    egress: new EgressClient(daemonPort('egress')),
    audit: CONTAINER_PATHS.audit,
  });
  await listenForHeld({
    ...{ proposals, deniesAll, report, timings: HELD_TIMINGS },
    path: settings[SUPERVISE_CONTROL_ENV],
  });
  const server = createSupervise(desk, report);
  server.listen(settings[SUPERVISE_PORT_ENV], '0.0.0.0');
  await once(server, 'listening');
}

await runDaemon(start);
