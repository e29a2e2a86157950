import type { VmRecord } from '../state/record.ts';
import { isRootless } from '../system/rootless.ts';
import { type GuestUser, ROOT } from './user.ts';

/** Docker's defaults: raw sockets and device nodes, but no network or system administration. */
const CAPABILITIES = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/** Kernel-wide interfaces that no namespace isolates. A real guest has its own kernel. */
const REFUSED_SYSTEM_CALLS = [
  'add_key',
  'bpf',
  'delete_module',
  'finit_module',
  'init_module',
  'kexec_file_load',
  'kexec_load',
  'keyctl',
  'open_by_handle_at',
  'perf_event_open',
  'request_key',
  'userfaultfd',
];

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ProcessRequest {
  args: readonly string[];
  /** In order; a later value for a key wins. */
  env: ReadonlyArray<readonly [string, string]>;
  cwd: string;
  /** Root if omitted. */
  user?: GuestUser;
  terminal: boolean;
}

/** Builds an OCI process with a container's capabilities and nothing from the host's environment. */
export function ociProcess(request: ProcessRequest) {
  const env = new Map(request.env);
  const { uid, gid, additionalGids, home } = request.user ?? ROOT;
  const given = [...env].map(([key, value]) => `${key}=${value}`);
  return {
    terminal: request.terminal,
    user: { uid, gid, additionalGids },
    args: request.args,
    env: [
      ...(env.has('PATH') ? [] : [PATH]),
      ...(env.has('HOME') ? [] : [`HOME=${home}`]),
      ...(request.terminal && !env.has('TERM') ? ['TERM=xterm'] : []),
      ...given,
    ],
    cwd: request.cwd,
    capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
    noNewPrivileges: false,
  };
}

/**
 * The machine's first process: reaps the container's orphans and ends the machine on SIGTERM. The image must
 * contain /bin/sh and sleep.
 */
const INIT = [
  '/bin/sh',
  '-c',
  'exec </dev/null >/dev/null 2>&1; trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done',
];

export interface GuestFiles {
  /** The merged root filesystem, relative to the OCI bundle. */
  rootfs: string;
  /** Host path of the guest's resolv.conf. */
  resolvConf: string;
  /** Host sockets that the guest sees: host path, guest path. */
  sockets: ReadonlyArray<readonly [string, string]>;
}

/** Builds the OCI configuration of a machine's container. */
export function ociConfig(record: VmRecord, container: string, files: GuestFiles) {
  return {
    ociVersion: '1.0.2',
    process: ociProcess({ args: INIT, env: [], cwd: '/', terminal: false }),
    root: { path: files.rootfs, readonly: false },
    hostname: 'container',
    mounts: [
      mount('/proc', 'proc', 'proc', ['nosuid', 'noexec', 'nodev']),
      mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      mount('/dev/pts', 'devpts', 'devpts', [
        'nosuid',
        'noexec',
        'newinstance',
        'ptmxmode=0666',
        'mode=0620',
        'gid=5',
      ]),
      mount('/dev/shm', 'tmpfs', 'shm', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']),
      mount('/dev/mqueue', 'mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
      mount('/sys', 'sysfs', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
      mount('/etc/resolv.conf', 'bind', files.resolvConf, ['rbind', 'rprivate']),
      ...record.mounts.map(([host, guest, readOnly]) =>
        mount(guest, 'bind', host, ['rbind', 'rprivate', readOnly ? 'ro' : 'rw']),
      ),
      ...files.sockets.map(([node, guest]) => mount(guest, 'bind', node, ['bind', 'rprivate'])),
    ],
    linux: {
      ...(isRootless() ? {} : { cgroupsPath: `/smolvm-fake/${container}`, resources: resourcesOf(record) }),
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: REFUSED_SYSTEM_CALLS, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
      },
      maskedPaths: [
        '/proc/acpi',
        '/proc/asound',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/scsi',
        '/proc/sched_debug',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/sys/devices/virtual/powercap',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

/** Only the host's root can set limits. Without root, device nodes are no danger: a user namespace ignores them. */
function resourcesOf(record: VmRecord) {
  return {
    devices: [{ allow: false, access: 'rwm' }],
    memory: { limit: record.mem * 1024 * 1024 },
    pids: { limit: 4096 },
  };
}

function mount(destination: string, type: string, source: string, options: readonly string[]) {
  return { destination, type, source, options };
}
