import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bottleDirectory, bottlePaths } from '../bottle/paths.ts';
import { daemonPort } from '../daemons/contract/daemons.ts';
import { UPSTREAM_CA_ENV, UPSTREAM_PROXY_ENV } from '../daemons/contract/egress/upstream-proxy.ts';
import { DAEMONS_ENV, SLUG_ENV } from '../daemons/contract/names.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import {
  QUEUE_DIR_ENV,
  QUEUE_SLUG_ENV,
  SUPERVISE_MODE_ENV,
  SUPERVISE_PORT_ENV,
} from '../daemons/contract/supervise/environment.ts';
import { bindMount } from '../docker/bind-mount.ts';
import { asLaunchingUser, type EngineSecurity } from '../docker/engine/security.ts';
import { extraCaFile } from '../docker/extra-ca.ts';
import { labelArguments } from '../docker/labels.ts';
import { agentFacing, isChained } from '../plan/agent-facing.ts';
import type { Plan } from '../plan/schema.ts';
import { gitPasswdMount } from './git-files.ts';
import { bundleSecretNames } from './secrets.ts';

export interface LaunchSpec {
  plan: Plan;
  allocation: { alias: string; network: string };
  certs: { directory: string };
  /** Reference of the bundle image. */
  image: string;
  /** Of the engine that runs it. */
  security: EngineSecurity;
  /** Host port of each daemon that an earlier bundle published; others get any that is free. */
  ports?: ReadonlyMap<string, number>;
}

/** Enough for init, its daemons, their git processes and `docker exec`; no daemon forks freely. */
const MAX_PROCESSES = 256;

/** Returns the `docker run` arguments for a bottle's bundle, with names of secrets but never values. */
export async function runArguments(spec: LaunchSpec): Promise<string[]> {
  const { plan, allocation, certs, image } = spec;
  const extraRoots = await stageExtraRoots(plan.slug);
  const hasPipelock = plan.daemons.includes('pipelock');
  const hasGate = plan.daemons.includes('git-gate');
  const isSupervised = plan.daemons.includes('supervise');
  const writable = [
    [bottlePaths.audit(plan.slug), CONTAINER_PATHS.audit],
    ...(isSupervised ? [[bottlePaths.superviseQueue(plan.slug), CONTAINER_PATHS.superviseQueue]] : []),
    ...(hasGate ? [[bottlePaths.gitMirrors(plan.slug), CONTAINER_PATHS.gitRepos]] : []),
  ] as const;
  for (const [directory] of writable) {
    // Created here, as the user that the daemons run as; the engine would create it as root.
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  const mounts: (readonly [from: string, to: string])[] = [
    [bottlePaths.egress(plan.slug), CONTAINER_PATHS.egressConfig],
    [certs.directory, CONTAINER_PATHS.ca],
    ...(hasGate
      ? [[bottlePaths.gitGate(plan.slug), CONTAINER_PATHS.gitConfig] as const, gitPasswdMount(plan.slug)]
      : []),
    ...(hasPipelock ? [[bottlePaths.pipelock(plan.slug), CONTAINER_PATHS.pipelock] as const] : []),
    ...(extraRoots === undefined ? [] : [[extraRoots, CONTAINER_PATHS.extraRoots] as const]),
  ];
  const environment = [
    `${SLUG_ENV}=${plan.slug}`,
    `${DAEMONS_ENV}=${plan.daemons.join(',')}`,
    ...(extraRoots === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${CONTAINER_PATHS.extraRoots}/roots.pem`]),
    ...(extraRoots === undefined || !hasPipelock ? [] : [`SSL_CERT_DIR=${CONTAINER_PATHS.extraRoots}`]),
    ...(isChained(plan) ? chain() : []),
    ...(isSupervised ? supervision(plan) : []),
    ...bundleSecretNames(plan),
  ];
  const ports = agentFacing(plan).map(
    (daemon) => `${allocation.alias}:${spec.ports?.get(daemon) ?? ''}:${daemonPort(daemon)}`,
  );
  return [
    'run',
    '--detach',
    // Docker's init reaps orphans, so the kit's own init only manages its daemons.
    '--init',
    ...['--name', plan.names.bundle, '--network', allocation.network, ...labelArguments('bundle', plan.slug)],
    ...hardening(spec.security),
    ...mounts.flatMap(([from, to]) => bindMount(from, to, 'readonly')),
    ...writable.flatMap(([from, to]) => bindMount(from, to)),
    ...extraHosts(plan).flatMap((entry) => ['--add-host', entry]),
    ...environment.flatMap((entry) => ['--env', entry]),
    ...ports.flatMap((port) => ['--publish', port]),
    image,
  ];
}

/** Returns `NAME:ADDRESS` for the hosts whose addresses the manifest gives; it has refused two for one name. */
function extraHosts({ git }: Plan): string[] {
  const entries = git.flatMap(({ extraHosts: hosts }) => Object.entries(hosts));
  return [...new Set(entries.map(([name, address]) => `${name}:${address}`))];
}

/** Returns the variables that make egress use pipelock as its upstream proxy. */
function chain(): string[] {
  return [
    `${UPSTREAM_PROXY_ENV}=http://127.0.0.1:${daemonPort('pipelock')}`,
    `${UPSTREAM_CA_ENV}=${CONTAINER_PATHS.pipelockCa}`,
  ];
}

/** Returns the variables of the supervise daemon. */
function supervision({ slug, superviseMode }: Plan): string[] {
  return [
    `${QUEUE_DIR_ENV}=${CONTAINER_PATHS.superviseQueue}`,
    `${QUEUE_SLUG_ENV}=${slug}`,
    `${SUPERVISE_PORT_ENV}=${daemonPort('supervise')}`,
    ...(superviseMode === undefined ? [] : [`${SUPERVISE_MODE_ENV}=${superviseMode}`]),
  ];
}

function hardening(security: EngineSecurity): string[] {
  return [
    // The daemons read the launching user's CA key (0600), so they run as that user, with no further privileges.
    ...asLaunchingUser(security),
    '--read-only',
    ...['--tmpfs', `${CONTAINER_PATHS.run}:mode=1777,size=16m`],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--pids-limit', String(MAX_PROCESSES)],
  ];
}

/** Copies the host's extra roots into a directory of the bottle, because only directories are mounted. */
async function stageExtraRoots(slug: string): Promise<string | undefined> {
  const file = await extraCaFile(process.env);
  if (file === undefined) return undefined;
  const directory = join(bottleDirectory(slug), 'extra-ca');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await copyFile(file, join(directory, 'roots.pem'));
  return directory;
}
