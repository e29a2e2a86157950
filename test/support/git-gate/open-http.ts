import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createGitHttp, type GitHttpOptions } from '../../../lib/daemons/git-http/server.ts';
import { controlOf, type GatePlace, reposOf } from './open-gate.ts';

/** Opens git-http in front of the gate at the same place. `url`: of the gate, as the agent has it. */
export async function openHttp(
  place: GatePlace,
  options: Pick<GitHttpOptions, 'idleMs'> = {},
): Promise<{ http: Server; url: string }> {
  const { directory } = place;
  const http = createGitHttp({
    ...{ repos: reposOf(place).repos, control: controlOf(place), mirrors: join(directory, 'mirrors') },
    ...{ configuration: join(directory, 'run', 'config'), ...options },
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}
