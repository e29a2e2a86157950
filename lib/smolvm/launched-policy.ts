import { join } from 'node:path';
import { z } from 'zod';
import { BottleError } from '../errors.ts';
import { readJson } from '../host/read-json.ts';

/** The part of `agent.config.json` that records the network a running guest actually has. */
const agentConfig = z.looseObject({
  ports: z.array(z.unknown()),
  resources: z.looseObject({ network: z.boolean(), allowed_cidrs: z.array(z.string()).nullish() }),
});

export interface LaunchedPolicy {
  network: boolean;
  ports: number;
  allowedCidrs: readonly string[] | null;
}

/**
 * Reads the policy of a running guest.
 * @throws BottleError `confinement-breached` when smolvm did not record it.
 */
export async function readLaunchedPolicy(dataDirectory: string): Promise<LaunchedPolicy> {
  const path = join(dataDirectory, 'agent.config.json');
  const config = await readJson(path, agentConfig);
  if (config === undefined) {
    throw new BottleError(
      'confinement-breached',
      `${path} is missing, so it is unknown what the guest was started with`,
    );
  }
  const { network, allowed_cidrs: cidrs } = config.resources;
  return { network, ports: config.ports.length, allowedCidrs: cidrs ?? null };
}
