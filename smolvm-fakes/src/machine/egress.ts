import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import type { Arguments } from '../cli/command.ts';
import { parseCidr } from '../cli/values.ts';
import { configError, messageOf } from '../errors.ts';
import type { Profile } from '../profile.ts';

const RESOLVE_LIMIT_MS = 10_000;

export interface EgressFlags {
  /** null when no flag sets a policy. */
  cidrs: string[] | null;
  hosts: string[] | undefined;
}

/** Combines --allow-cidr, --allow-host and --outbound-localhost-only. Resolves host names immediately. */
export async function egressFlags(args: Arguments, profile: Profile): Promise<EgressFlags> {
  const hosts = [...args.values('allow-host')];
  const resolved = await Promise.all(hosts.map((host) => addressesOf(host, profile)));
  const cidrs = [
    ...args.values('allow-cidr').map(parseCidr),
    ...resolved.flat(),
    ...(args.has('outbound-localhost-only') ? ['127.0.0.0/8', '::1/128'] : []),
  ];
  const any = ['allow-cidr', 'allow-host', 'outbound-localhost-only'].some((flag) => args.has(flag));
  return { cidrs: any ? cidrs : null, hosts: hosts.length > 0 ? hosts : undefined };
}

async function addressesOf(host: string, profile: Profile): Promise<string[]> {
  const failed = (reason: string) => configError('--allow-host', `failed to resolve '${host}': ${reason}`);
  const timeout = AbortSignal.timeout(RESOLVE_LIMIT_MS);
  const late = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(failed('timed out')), { once: true });
  });
  const found = await Promise.race([lookup(host, { all: true }), late]).catch((error: unknown) => {
    throw failed(messageOf(error));
  });
  return found.map(({ address }) => `${address}/${isIPv6(address) ? profile.allowHostIpv6Prefix : 32}`);
}
