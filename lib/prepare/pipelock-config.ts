import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import type { Plan } from '../plan/schema.ts';

/**
 * A name that never resolves (RFC 6761). Strict mode needs an entry: an empty list would allow every host.
 */
const NOWHERE = 'no-route.invalid';

/**
 * Headers that pipelock searches for credentials: its default list without `Authorization`. Egress has
 * already removed the agent's header, and the injected credential is meant to be there.
 */
const SEARCHED_HEADERS = ['Cookie', 'X-Api-Key', 'X-Token', 'Proxy-Authorization', 'X-Goog-Api-Key'];

/**
 * Returns the configuration for pipelock 2.3.0: only the routes' hosts are allowed, requests are scanned and
 * blocked, and TLS is terminated with the bottle's own CA for pipelock. Contains no secret.
 */
export function pipelockConfig({ routes }: Plan['egress']): Record<string, unknown> {
  const hosts = unique(routes.map(({ host }) => host));
  const privateHosts = unique(routes.filter((route) => route.private).map(({ host }) => host));
  return {
    version: 1,
    mode: 'strict',
    enforce: true,
    api_allowlist: hosts.length === 0 ? [NOWHERE] : hosts,
    // pipelock would refuse private addresses. Egress has already refused those that no route allows.
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
