import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import type { Plan } from '../plan/schema.ts';

/** A name that never resolves (RFC 6761). Strict mode demands one entry, and an empty list would allow every host. */
const NOWHERE = 'no-route.invalid';

/**
 * Headers that pipelock searches for credentials: its own list without `Authorization`. Egress has taken the agent's
 * away by then, and what it put in its place is meant to be there.
 */
const SEARCHED_HEADERS = ['Cookie', 'X-Api-Key', 'X-Token', 'Proxy-Authorization', 'X-Goog-Api-Key'];

/**
 * What pipelock 2.3.0 reads: the hosts of the routes and no other, requests searched and blocked, TLS ended with the
 * bottle's own CA for it. Holds no secret.
 */
export function pipelockConfig({ routes }: Plan['egress']): Record<string, unknown> {
  const hosts = unique(routes.map(({ host }) => host));
  const privateHosts = unique(routes.filter((route) => route.private).map(({ host }) => host));
  return {
    version: 1,
    mode: 'strict',
    enforce: true,
    api_allowlist: hosts.length === 0 ? [NOWHERE] : hosts,
    // Exempt from its refusal of private addresses; egress has refused those that no route may reach.
    ...(privateHosts.length === 0 ? {} : { trusted_domains: privateHosts }),
    forward_proxy: { enabled: true },
    dlp: { include_defaults: true, scan_env: true },
    request_body_scanning: {
      enabled: true,
      action: 'block',
      scan_headers: true,
      header_mode: 'sensitive',
      sensitive_headers: SEARCHED_HEADERS,
    },
    tls_interception: {
      enabled: true,
      ca_cert: CONTAINER_PATHS.pipelockCa,
      ca_key: CONTAINER_PATHS.pipelockCaKey,
    },
  };
}

function unique(hosts: readonly string[]): string[] {
  return [...new Set(hosts)].toSorted();
}
