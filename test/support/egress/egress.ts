import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type AuditEntry, auditEntry } from '../../../lib/daemons/contract/egress/audit.ts';
import type { RoutesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import { AuditLog } from '../../../lib/daemons/egress/audit/audit-log.ts';
import { Withholder } from '../../../lib/daemons/egress/audit/withhold.ts';
import { DEADLINES, type Deadlines } from '../../../lib/daemons/egress/http/limits.ts';
import type { Approver } from '../../../lib/daemons/egress/outbound/approvals.ts';
import { KnownSecrets } from '../../../lib/daemons/egress/policy/known-secrets.ts';
import { buildPolicy } from '../../../lib/daemons/egress/policy/policy.ts';
import { readTokens } from '../../../lib/daemons/egress/policy/tokens.ts';
import { createEgress } from '../../../lib/daemons/egress/server.ts';
import { type LeafIssuer, leafIssuer } from '../../../lib/daemons/egress/tls/leaf-issuer.ts';
import type { UpstreamProxy } from '../../../lib/daemons/egress/upstream/upstream-proxy.ts';
import { Upstreams } from '../../../lib/daemons/egress/upstream/upstreams.ts';
import type { TestAuthority } from './authority.ts';
import { portOf } from './upstream.ts';

export interface EgressFixtureOptions {
  readonly authority: TestAuthority;
  readonly routes: RoutesFile['routes'];
  readonly environment?: Record<string, string>;
  readonly deadlines?: Partial<Deadlines>;
  /** Whether a refused CONNECT is accepted and refused inside; egress's default if absent. */
  readonly explainDenials?: boolean;
  /** Address that every name resolves to; 127.0.0.1 if absent. */
  readonly address?: string;
  readonly approver?: Approver;
  readonly selftest?: { port: number; certificate: string };
  readonly proxy?: UpstreamProxy;
  /** Issues leaves; they are made in this thread if absent. */
  readonly issue?: LeafIssuer;
  /** Names that resolve to other addresses. For `silent`, the resolver never responds. */
  readonly addresses?: Readonly<Record<string, readonly string[] | 'silent'>>;
}

export interface EgressFixture {
  readonly port: number;
  /** All audit entries. One is written when its exchange ends, possibly after the agent has its response. */
  readonly log: AuditEntry[];
  /** Names that were looked up; egress connects to no upstream without a lookup. */
  readonly lookedUp: string[];
  setRoutes(routes: RoutesFile['routes']): void;
  close(): Promise<void>;
}

/** Starts the real proxy on a loopback port, with a fake resolver. */
export async function startEgress(options: EgressFixtureOptions): Promise<EgressFixture> {
  const deadlines = { ...DEADLINES, ...options.deadlines };
  const tokens = readTokens(options.environment ?? {});
  const log: AuditEntry[] = [];
  const lookedUp: string[] = [];
  const address = options.address ?? '127.0.0.1';
  const policyOf = (routes: RoutesFile['routes']) =>
    buildPolicy(
      {
        version: 1,
        routes,
        ...(options.explainDenials === undefined ? {} : { explain_denials: options.explainDenials }),
      },
      new Set(tokens.values.keys()),
    );
  let policy = policyOf(options.routes);
  let generation = 1;
  const listeners: (() => void)[] = [];

  const upstreams = new Upstreams({
    deadlines,
    selftest: options.selftest ?? { port: 1, certificate: '/nonexistent' },
    resolve: (hostname, done) => {
      lookedUp.push(hostname);
      const found = options.addresses?.[hostname] ?? [address];
      if (found === 'silent') return;
      const addresses: LookupAddress[] = found.map((one) => ({
        address: one,
        family: one.includes(':') ? 6 : 4,
      }));
      setImmediate(done, null, addresses);
    },
    proxy: options.proxy,
  });
  const secrets = new KnownSecrets(tokens.values.values());
  const server = createEgress({
    policy: () => policy,
    generation: () => generation,
    onPolicyChange: (listener) => listeners.push(listener),
    tokens: tokens.values,
    secrets,
    issue: options.issue ?? leafIssuer(options.authority.authority),
    upstreams,
    deadlines,
    audit: new AuditLog({
      bottle: 'demo-a1b2c',
      generation: () => generation,
      level: () => 2,
      withholder: new Withholder(secrets.find),
      write: (line) => log.push(auditEntry.parse(JSON.parse(line))),
    }),
    ...(options.approver === undefined ? {} : { approver: options.approver }),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    log,
    lookedUp,
    setRoutes: (routes) => {
      policy = policyOf(routes);
      generation += 1;
      for (const listener of listeners) listener();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      upstreams.close();
    },
  };
}
