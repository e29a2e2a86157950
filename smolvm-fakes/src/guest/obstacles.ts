import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { cacheDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { NEW_NAMESPACE } from '../system/enter.ts';
import { HELPER_ENVIRONMENT, programPath } from '../system/run.ts';

/** What guests need, with the Debian package that brings it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  runc: 'runc',
  ip: 'iproute2',
  perl: 'perl',
  tar: 'tar',
  flock: 'util-linux',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
};
const FOR_NETWORKS = { 'iptables-restore': 'iptables' };
const FOR_OTHERS = { newuidmap: 'uidmap', newgidmap: 'uidmap' };

/** The ids that images use: Debian's `nobody` is 65534. */
const IDS_WANTED = 65_536;

/** The switches that keep ordinary users from user namespaces, and the value that does. */
const SWITCHES = [
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['user.max_user_namespaces', '0', '10000'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
] as const;

/** The parts of a host that decide whether it can start guests. */
export interface GuestHost {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  readonly user: { readonly name: string; readonly uid: number };
  /** Where a helper program is; undefined when it is missing. */
  program(name: string): string | undefined;
  /** The content of a file; empty when it is missing. */
  text(file: string): string;
  /** What goes wrong with an overlay, and rules of a network, in a user namespace; empty when nothing does. */
  tryNamespace(withNetwork: boolean): string;
}

const thisHost = (): GuestHost => ({
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  user: { name: userInfo().username, uid: process.getuid?.() ?? 0 },
  program: (name) => programPath(name),
  text: (file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
  tryNamespace,
});

/** What keeps this host and user from starting guests, each with its remedy; empty when nothing does. */
export function obstacles(profile: Pick<Profile, 'policyBackend'>, host: GuestHost = thisHost()): string[] {
  if (host.platform !== 'linux') return [`it needs Linux, and this is ${host.platform}`];
  // The newest connect guests by mounted sockets, and get along without a network; as root, they can have one.
  const withNetwork = host.isRoot || profile.policyBackend === 'tsi';
  const wanted = Object.entries({
    ...PROGRAMS,
    ...(withNetwork ? FOR_NETWORKS : {}),
    ...(host.isRoot ? {} : FOR_OTHERS),
  });
  const missing = wanted.filter(([name]) => host.program(name) === undefined);
  const lacking = missing.map(([name, debianPackage]) => `${name} is missing (Debian: ${debianPackage})`);
  if (host.isRoot) return lacking;
  const ids = idsLacking(host);
  if (lacking.length + ids.length > 0) return [...lacking, ...ids];
  const said = host.tryNamespace(withNetwork);
  if (said === '') return [];
  const off = SWITCHES.filter(([key, value]) => host.text(fileOf(key)).trim() === value);
  const remedy = off.map(([key, , on]) => `sudo sysctl ${key}=${on}`).join(' && ');
  return [
    `without root, guests need a user namespace with an overlay${withNetwork ? ' and TPROXY' : ''}, which this system refuses: ${said}` +
      (remedy === '' ? '' : ` (allow it: ${remedy})`),
  ];
}

function idsLacking(host: GuestHost): string[] {
  const { name, uid } = host.user;
  const files = ['/etc/subuid', '/etc/subgid'].filter((file) => {
    const ranges = host
      .text(file)
      .split('\n')
      .map((line) => line.split(':'));
    return !ranges.some(
      ([owner, , count]) => (owner === name || owner === String(uid)) && Number(count) >= IDS_WANTED,
    );
  });
  if (files.length === 0) return [];
  const range = '100000-165535';
  return [
    `${files.join(' and ')} give ${name} no ${IDS_WANTED} ids for the users of a guest ` +
      `(e.g. sudo usermod --add-subuids ${range} --add-subgids ${range} ${name})`,
  ];
}

const fileOf = (key: string) => `/proc/sys/${key.replaceAll('.', '/')}`;

const OVERLAY = `set -e
cd "$1"
mkdir lower upper work rootfs
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr rootfs`;
const RULE = `
ip link set lo up
exec iptables -t mangle -A PREROUTING -i lo -d 127.0.0.1/32 -p tcp -j TPROXY --on-ip 127.0.0.1 --on-port 1`;

/** Does what starting a guest does: mounts an overlay on the disk where the machines are, and adds a rule. */
function tryNamespace(withNetwork: boolean): string {
  const script = withNetwork ? OVERLAY + RULE : OVERLAY;
  let place = cacheDirectory();
  while (!existsSync(place)) place = dirname(place);
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(place, '.smolvm-fake-'));
    const words = [...NEW_NAMESPACE, '--mount', '--net', '--', '/bin/sh', '-c', script, 'sh', folder];
    const { status, stderr, error } = spawnSync('unshare', words, {
      encoding: 'utf8',
      env: HELPER_ENVIRONMENT,
    });
    if (status === 0) return '';
    return (error?.message ?? stderr.trim().split('\n').at(-1)) || 'no reason given';
  } catch (error) {
    return messageOf(error);
  } finally {
    if (folder !== undefined) removeOverlay(folder);
  }
}

/** Overlayfs leaves a folder in `work` that nobody may read, so that it cannot be removed like the others. */
function removeOverlay(folder: string): void {
  const unreadable = join(folder, 'work', 'work');
  if (existsSync(unreadable)) rmdirSync(unreadable);
  rmSync(folder, { recursive: true, force: true });
}
