import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentError } from '../errors.ts';
import { attachNetwork, type Surroundings } from '../network/attach.ts';
import { entryOf, type HostEntry, RUNC_ROOT, release, remember } from '../network/live-guests.ts';
import type { NetworkPolicy } from '../network/policy.ts';
import type { Profile } from '../profile.ts';
import { startSocketRelay } from '../sockets/relay.ts';
import type { PublishedSocket, VmRecord } from '../state/record.ts';
import { startTimeOf } from '../system/process.ts';
import { isRootless } from '../system/rootless.ts';
import { HELPER_ENVIRONMENT, run } from '../system/run.ts';
import { agentConfigOf, noteRunning, type RunningGuest } from './folder.ts';
import { obstacles } from './obstacles.ts';
import { ociConfig } from './spec.ts';

/** Maximum bytes of a Unix socket path, without the terminating NUL. The agent's socket must fit. */
const SOCKET_PATH_LIMIT = 107;

/**
 * Mounts the machine's root filesystem in a private mount namespace, then creates the container. Only the
 * container's copy of that namespace survives, so the mount ends with the machine. Relative paths, and the
 * bind mount of the layers, keep special characters in the user's paths out of overlayfs's option string.
 */
const CREATE = `set -e
cd "$1"
mount --bind "$2" lower
mount -t overlay overlay -o "lowerdir=lower,upperdir=upper,workdir=work$5" rootfs
exec runc --root "$3" create --bundle . --pid-file pid "$4"`;

/** In a user namespace, overlayfs may not use the attributes of its own that only the host's root can set. */
const OVERLAY_OPTIONS = isRootless() ? ',userxattr' : '';

/** Starts the machine's container on top of `layers`. Attaches the network before its first process runs. */
export async function bootGuest(
  record: VmRecord,
  folder: string,
  layers: string,
  plan: {
    profile: Profile;
    policy: NetworkPolicy;
    surroundings: Surroundings;
    sockets: readonly PublishedSocket[];
  },
): Promise<RunningGuest> {
  const { policy, surroundings, sockets } = plan;
  if (Buffer.byteLength(join(folder, 'agent.sock')) > SOCKET_PATH_LIMIT) {
    throw agentError('start machine', `path must be shorter than SUN_LEN: ${join(folder, 'agent.sock')}`);
  }
  const [obstacle] = process.getuid?.() === 0 ? [] : obstacles(plan.profile);
  if (obstacle !== undefined) throw agentError('start machine', `the fake smolvm cannot: ${obstacle}`);
  const container = `smolvm-${randomBytes(8).toString('hex')}`;
  const starter: HostEntry = {
    container,
    machine: record.name,
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? 0,
    rules: [],
  };
  remember(starter);
  try {
    const relay = await startSocketRelay(join(folder, 'sockets'), sockets);
    const known = { ...starter, ...(relay === undefined ? {} : { relay: relay.identity }) };
    remember(known);
    const nodes = sockets.map((socket, index) => [relay?.nodes[index] ?? '', socket.guest_path] as const);
    const pid = createContainer(record, folder, layers, container, nodes);
    const link = await attachNetwork(record.name, pid, policy, surroundings, ({ device, rules }) =>
      remember({ ...known, device, rules: [...rules] }),
    );
    // Versions that need this one have no mounted sockets.
    if (link !== undefined) remember({ ...known, relay: link.identity });
    run('runc', ['--root', RUNC_ROOT, 'start', container]);
    const startTime = startTimeOf(pid);
    if (startTime === undefined) throw agentError('start machine', 'the machine ended while it booted');
    remember({ ...(entryOf(container) ?? starter), pid, startTime });
    relay?.bindTo({ pid, startTime });
    link?.bindTo({ pid, startTime });
    const guest = { container, pid, startTime };
    writeAgentConfig(record, folder);
    noteRunning(folder, guest);
    return guest;
  } catch (error) {
    await release(entryOf(container) ?? starter);
    throw error;
  }
}

function createContainer(
  record: VmRecord,
  folder: string,
  layers: string,
  container: string,
  sockets: ReadonlyArray<readonly [string, string]>,
): number {
  const bundle = join(folder, 'container');
  for (const name of ['lower', 'upper', 'work', 'rootfs']) mkdirSync(join(bundle, name), { recursive: true });
  // Every user of the guest sees these two, whatever the umask of this one.
  chmodSync(join(bundle, 'upper'), 0o755);
  writeFileSync(join(bundle, 'resolv.conf'), 'nameserver 8.8.8.8\nnameserver 1.1.1.1\n');
  chmodSync(join(bundle, 'resolv.conf'), 0o644);
  const config = ociConfig(record, container, {
    rootfs: 'rootfs',
    resolvConf: join(bundle, 'resolv.conf'),
    sockets,
  });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const console = openSync(join(folder, 'agent-console.log'), 'w', 0o600);
  // The container's first process keeps its standard streams, so they are files rather than our pipes.
  const result = spawnSync(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      '/bin/sh',
      '-c',
      CREATE,
      'sh',
      bundle,
      layers,
      RUNC_ROOT,
      container,
      OVERLAY_OPTIONS,
    ],
    { stdio: ['ignore', console, console], env: HELPER_ENVIRONMENT },
  );
  if (result.status !== 0) {
    const said = readFileSync(join(folder, 'agent-console.log'), 'utf8')
      .trim()
      .split('\n')
      .slice(-3)
      .join('; ');
    throw agentError(
      'start machine',
      `the guest's container could not be made: ${result.error?.message ?? said}`,
    );
  }
  return Number(readFileSync(join(bundle, 'pid'), 'utf8'));
}

function writeAgentConfig(record: VmRecord, folder: string): void {
  const file = join(folder, 'agent.config.json');
  writeFileSync(`${file}.tmp`, JSON.stringify(agentConfigOf(record)));
  renameSync(`${file}.tmp`, file);
}
