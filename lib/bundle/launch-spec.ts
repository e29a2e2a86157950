import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bottleDirectory, bottlePaths } from '../bottle/paths.ts';
import { UPSTREAM_CA_ENV, UPSTREAM_PROXY_ENV } from '../daemons/contract/egress/upstream-proxy.ts';
import { DAEMON_PORTS, DAEMONS_ENV, SLUG_ENV } from '../daemons/contract/names.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { extraCaFile } from '../docker/extra-ca.ts';
import { labelArguments } from '../docker/labels.ts';
import { agentFacing, isChained } from '../plan/agent-facing.ts';
import type { Plan } from '../plan/schema.ts';
import { bundleSecretNames } from './secrets.ts';

export interface LaunchSpec {
  plan: Plan;
  allocation: { alias: string; network: string };
  certs: { directory: string };
  /** Reference of the bundle image. */
  image: string;
}

/** No daemon forks freely: init, its daemons, and what `docker exec` brings. */
const MAX_PROCESSES = 256;

/** The arguments of `docker run` for a bottle's bundle. Holds names of secrets, never values. */
export async function runArguments(spec: LaunchSpec): Promise<string[]> {
  const { plan, allocation, certs, image } = spec;
  const extraRoots = await stageExtraRoots(plan.slug);
  const hasPipelock = plan.daemons.includes('pipelock');
  // Made here, as the user whom the daemons run as: the engine would make it as root.
  await mkdir(bottlePaths.audit(plan.slug), { recursive: true, mode: 0o700 });
  const mounts = [
    [bottlePaths.egress(plan.slug), CONTAINER_PATHS.egressConfig],
    [certs.directory, CONTAINER_PATHS.ca],
    ...(hasPipelock ? [[bottlePaths.pipelock(plan.slug), CONTAINER_PATHS.pipelock]] : []),
    ...(extraRoots === undefined ? [] : [[extraRoots, CONTAINER_PATHS.extraRoots]]),
  ];
  const environment = [
    `${SLUG_ENV}=${plan.slug}`,
    `${DAEMONS_ENV}=${plan.daemons.join(',')}`,
    ...(extraRoots === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${CONTAINER_PATHS.extraRoots}/roots.pem`]),
    ...(extraRoots === undefined || !hasPipelock ? [] : [`SSL_CERT_DIR=${CONTAINER_PATHS.extraRoots}`]),
    ...(isChained(plan) ? chain() : []),
    ...bundleSecretNames(plan),
  ];
  const ports = agentFacing(plan).map((daemon) => `${allocation.alias}::${DAEMON_PORTS[daemon]}`);
  return [
    'run',
    '--detach',
    // An init that reaps, so that the kit's own has only daemons to look after.
    '--init',
    ...['--name', plan.names.bundle, '--network', allocation.network, ...labelArguments('bundle', plan.slug)],
    ...hardening(),
    ...mounts.flatMap(([from, to]) => ['--mount', `type=bind,source=${from},target=${to},readonly`]),
    ...['--mount', `type=bind,source=${bottlePaths.audit(plan.slug)},target=${CONTAINER_PATHS.audit}`],
    ...environment.flatMap((entry) => ['--env', entry]),
    ...ports.flatMap((port) => ['--publish', port]),
    image,
  ];
}

/** Puts pipelock behind egress. */
function chain(): string[] {
  return [
    `${UPSTREAM_PROXY_ENV}=http://127.0.0.1:${DAEMON_PORTS.pipelock}`,
    `${UPSTREAM_CA_ENV}=${CONTAINER_PATHS.pipelockCa}`,
  ];
}

function hardening(): string[] {
  // The daemons read the CA key (0600) of the user who launches, so they run as that user, and as nothing more.
  const user = process.getuid && process.getgid ? ['--user', `${process.getuid()}:${process.getgid()}`] : [];
  return [
    ...user,
    '--read-only',
    ...['--tmpfs', `${CONTAINER_PATHS.run}:mode=1777,size=16m`],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--pids-limit', String(MAX_PROCESSES)],
  ];
}

/** Copies the host's extra roots beside the bottle's other files: a mount must be a directory. */
async function stageExtraRoots(slug: string): Promise<string | undefined> {
  const file = await extraCaFile(process.env);
  if (file === undefined) return undefined;
  const directory = join(bottleDirectory(slug), 'extra-ca');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await copyFile(file, join(directory, 'roots.pem'));
  return directory;
}
