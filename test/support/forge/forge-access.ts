import type { ForgeAccess } from '../../../lib/forge/forge-client.ts';
import { forgeNetwork } from '../../../lib/forge/network.ts';
import type { Patience } from '../../../lib/forge/retry.ts';
import { ADMIN_TOKEN } from './stand-in-forge.ts';

/** Waits little between tries. */
const PATIENCE: Patience = {
  connectMs: 5_000,
  totalMs: 10_000,
  tries: 3,
  backoffMs: 5,
  maxWaitMs: 2_000,
};

/** Returns the access of a client that trusts the roots in a PEM file. */
export async function accessTo(
  roots: string | undefined,
  { token = ADMIN_TOKEN, ...patience }: Partial<Patience> & { token?: string } = {},
): Promise<ForgeAccess> {
  return {
    ...{ variable: 'FORGE_TOKEN', token, dispatcher: await forgeNetwork(roots, PATIENCE.connectMs) },
    patience: { ...PATIENCE, ...patience },
  };
}
