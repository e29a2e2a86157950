import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type AuditEntry, auditEntry } from '../../../lib/daemons/contract/egress/audit.ts';
import type { AllowedValues, RoutesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import type { TokenAllowRequest } from '../../../lib/daemons/contract/supervise/request.ts';
import { AuditLog } from '../../../lib/daemons/egress/audit/audit-log.ts';
import { Withholder } from '../../../lib/daemons/egress/audit/withhold.ts';
import { DEADLINES, type Deadlines } from '../../../lib/daemons/egress/http/limits.ts';
import type { ApprovalsOptions, Approver } from '../../../lib/daemons/egress/outbound/approvals.ts';
import type { ValueMarks } from '../../../lib/daemons/egress/outbound/value-marks.ts';
import type { PolicySource } from '../../../lib/daemons/egress/policy/judge.ts';
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
  /** Asks about requests with secrets in them; without one, the bottle is not supervised. */
  readonly approver?: Approver;
  readonly isUnattended?: boolean;
  readonly marks?: ValueMarks;
  readonly selftest?: { port: number; certificate: string };
  readonly proxy?: UpstreamProxy;
  /** Takes the place of `routes`, which then cannot be set. */
  readonly source?: PolicyFixture;
  /** Bytes and number of held requests, and milliseconds until whoever is asked counts as dead. */
  readonly approvals?: Pick<ApprovalsOptions, 'bounds' | 'patienceMs'>;
  /** Issues leaves; they are made in this thread if absent. */
  readonly issue?: LeafIssuer;
  /** Names that resolve to other addresses. For `silent`, the resolver never responds. */
  readonly addresses?: Readonly<Record<string, readonly string[] | 'silent'>>;
}

export interface PolicyFixture extends PolicySource {
  readonly onPolicyChange: (listener: () => void) => void;
}

export interface EgressFixture {
  readonly port: number;
  /** All audit entries. One is written when its exchange ends, possibly after the agent has its response. */
  readonly log: AuditEntry[];
  /** Names that were looked up; egress connects to no upstream without a lookup. */
  readonly lookedUp: string[];
  setRoutes(routes: RoutesFile['routes']): void;
  /** Lets values out, as an approval does. */
  allowValues(request: TokenAllowRequest, grant: string): void;
  close(): Promise<void>;
}

/** Starts the real proxy on a loopback port, with a fake resolver. */
export async function startEgress(options: EgressFixtureOptions): Promise<EgressFixture> {
  const deadlines = { ...DEADLINES, ...options.deadlines };
  const tokens = readTokens(options.environment ?? {});
  const log: AuditEntry[] = [];
  const lookedUp: string[] = [];
  const address = options.address ?? '127.0.0.1';
  const allowed: AllowedValues[] = [];
  const policyOf = (routes: RoutesFile['routes']) =>
    buildPolicy(
      {
        version: 1,
        routes,
        supervise: options.approver !== undefined && options.isUnattended !== true,
        allowed_values: allowed,
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
  const source = options.source ?? {
    policy: () => policy,
    generation: () => generation,
    onPolicyChange: (listener) => listeners.push(listener),
  };
  const server = createEgress({
    ...source,
    tokens: tokens.values,
    secrets,
    issue: options.issue ?? leafIssuer(options.authority.authority),
    upstreams,
    deadlines,
    audit: new AuditLog({
      bottle: 'demo-a1b2c',
      generation: source.generation,
      level: () => 2,
      withholder: new Withholder(secrets.find),
      write: (line) => log.push(auditEntry.parse(JSON.parse(line))),
    }),
    ...(options.approver === undefined ? {} : { approver: options.approver }),
    isUnattended: options.isUnattended === true,
    ...(options.marks === undefined ? {} : { marks: options.marks }),
    ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let routes = options.routes;
  const load = () => {
    policy = policyOf(routes);
    generation += 1;
    for (const listener of listeners) listener();
  };
  return {
    port: portOf(server),
    log,
    lookedUp,
    setRoutes: (changed) => {
      routes = changed;
      load();
    },
    allowValues: ({ host, values }, grant) => {
      allowed.push({ grant, host, marks: values.map(({ mark }) => mark) });
      load();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      upstreams.close();
    },
  };
}
