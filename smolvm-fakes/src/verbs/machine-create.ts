import { existsSync, realpathSync } from 'node:fs';
import type { Arguments, CommandSpec, Verb } from '../cli/command.ts';
import { checkHostName, parseCidr, parseEnv, parsePort, parseU8, parseU32 } from '../cli/values.ts';
import { configError } from '../errors.ts';
import { ensureFolder } from '../guest/folder.ts';
import { egressFlags } from '../machine/egress.ts';
import { automaticName, validateName } from '../machine/name.ts';
import { openDatabase } from '../machine/open.ts';
import { DEFAULT_CPUS, DEFAULT_MEM, validatePorts, validateResources } from '../machine/resources.ts';
import { parseVolume } from '../machine/volume.ts';
import { extractPack } from '../pack/extract.ts';
import { readPack } from '../pack/read.ts';
import type { Profile } from '../profile.ts';
import type { Database } from '../state/database.ts';
import { newRecord, type VmRecord } from '../state/record.ts';

const spec: CommandSpec = {
  words: 'machine create',
  about: 'Create a machine without starting it',
  positionals: [{ name: 'NAME', required: false }],
  options: [
    { long: 'image', short: 'I', value: 'IMAGE', help: 'Image of the machine' },
    { long: 'from', value: 'PATH', conflicts: ['image'], help: 'Create from a .smolmachine file' },
    { long: 'cpus', value: 'N', check: parseU8, help: 'Number of CPUs [default: 4]' },
    { long: 'mem', value: 'MiB', check: parseU32, help: 'Memory [default: 8192]' },
    { long: 'storage', value: 'GiB', check: parseU32, help: 'Size of the storage disk' },
    { long: 'overlay', value: 'GiB', check: parseU32, help: 'Size of the overlay disk' },
    { long: 'volume', short: 'v', value: 'HOST:GUEST[:ro]', many: true, help: 'Mount a host directory' },
    { long: 'port', short: 'p', value: 'HOST:GUEST', many: true, check: parsePort, help: 'Map a port' },
    { long: 'net', help: 'Enable outbound network access' },
    { long: 'net-backend', value: 'BACKEND', hidden: true, check: checkBackend },
    { long: 'allow-cidr', value: 'CIDR', many: true, check: parseCidr, help: 'Allow egress to a CIDR' },
    { long: 'allow-host', value: 'HOST', many: true, check: checkHostName, help: 'Allow egress to a host' },
    { long: 'outbound-localhost-only', help: 'Allow egress to loopback addresses only' },
    { long: 'gpu', help: 'Enable GPU acceleration' },
    { long: 'gpu-vram', value: 'MiB', check: parseU32, help: 'GPU memory' },
    { long: 'init', value: 'CMD', many: true, help: 'Command to run at the first start' },
    { long: 'env', short: 'e', value: 'K=V', many: true, help: 'Environment variable' },
    { long: 'workdir', short: 'w', value: 'DIR', help: 'Working directory' },
  ],
};

function checkBackend(text: string): 'tsi' | 'virtio-net' {
  if (text === 'tsi' || text === 'virtio-net') return text;
  throw new Error('[possible values: tsi, virtio-net]');
}

export function machineCreate(profile: Profile): Verb {
  return {
    spec,
    async run(args) {
      using database = await openDatabase();
      const record =
        args.value('from') === undefined
          ? await plainRecord(args, profile, database)
          : await recordFromPack(args, profile, database);
      if (!database.insert(record)) throw taken(record.name);
      ensureFolder(record.name, record.storage_gb ?? undefined, record.overlay_gb ?? undefined);
      process.stdout.write(summaryOf(record));
      return 0;
    },
  };
}

async function plainRecord(args: Arguments, profile: Profile, database: Database): Promise<VmRecord> {
  const name = acceptedName(args, database);
  const common = commonFields(args);
  const cpus = Number(args.value('cpus') ?? DEFAULT_CPUS);
  const mem = Number(args.value('mem') ?? DEFAULT_MEM);
  validateResources({
    cpus,
    mem,
    storage: common.storage_gb ?? null,
    overlay: common.overlay_gb ?? null,
  });
  validatePorts(common.ports ?? []);
  const egress = await egressFlags(args, profile);
  if (egress.cidrs !== null && common.network_backend === 'virtio-net') {
    throw configError('egress', 'egress policy is not supported with the virtio-net backend');
  }
  return newRecord(name, {
    ...common,
    cpus,
    mem,
    env: parseEnv(args.values('env')),
    network: args.has('net') || egress.cidrs !== null,
    allowed_cidrs: egress.cidrs,
    dns_filter_hosts: egress.hosts,
    image: args.value('image') ?? null,
    workdir: args.value('workdir') ?? null,
    gpu: args.has('gpu') ? true : null,
    gpu_vram_mib: numberOrNull(args.value('gpu-vram')),
  });
}

/** Files before names: smolvm unpacks the sidecar, and looks only then whether the name will do. */
async function recordFromPack(args: Arguments, profile: Profile, database: Database): Promise<VmRecord> {
  const path = args.value('from') ?? '';
  if (!existsSync(path)) throw configError('create from .smolmachine', `file not found: ${path}`);
  const pack = readPack(realpathSync(path));
  process.stdout.write('Extracting .smolmachine assets...\n');
  await extractPack(pack);
  const name = acceptedName(args, database);
  const { manifest } = pack;
  const egress = profile.fromDropsEgressFlags
    ? { cidrs: null, hosts: undefined }
    : await egressFlags(args, profile);
  const cpus = Number(args.value('cpus') ?? DEFAULT_CPUS);
  const mem = Number(args.value('mem') ?? DEFAULT_MEM);
  return newRecord(name, {
    ...commonFields(args),
    // A value equal to the default cannot be told from an absent one.
    cpus: cpus === DEFAULT_CPUS ? manifest.cpus : cpus,
    mem: mem === DEFAULT_MEM ? manifest.mem : mem,
    env: parseEnv([...(manifest.env ?? []), ...args.values('env')]),
    network: args.has('net') || manifest.network || egress.cidrs !== null,
    allowed_cidrs: egress.cidrs,
    dns_filter_hosts: egress.hosts,
    image: manifest.image,
    entrypoint: manifest.entrypoint ?? [],
    cmd: manifest.cmd ?? [],
    workdir: manifest.workdir ?? null,
    gpu: manifest.gpu ? true : null,
    source_smolmachine: pack.path,
  });
}

function commonFields(args: Arguments): Partial<VmRecord> {
  const backend = args.value('net-backend');
  return {
    mounts: args.values('volume').map(parseVolume),
    ports: args.values('port').map(parsePort),
    init: [...args.values('init')],
    storage_gb: numberOrNull(args.value('storage')),
    overlay_gb: numberOrNull(args.value('overlay')),
    network_backend: backend === undefined ? undefined : checkBackend(backend),
  };
}

function acceptedName(args: Arguments, database: Database): string {
  const name = args.positionals[0] ?? automaticName();
  validateName(name, 'create machine');
  if (database.get(name) !== undefined) throw taken(name);
  return name;
}

const taken = (name: string) => configError('create machine', `machine '${name}' already exists`);
const numberOrNull = (text: string | undefined) => (text === undefined ? null : Number(text));

function summaryOf(record: VmRecord): string {
  const { name, mounts, ports, init } = record;
  return [
    `Created machine: ${name}`,
    `  CPUs: ${record.cpus}, Memory: ${record.mem} MiB`,
    ...(mounts.length > 0 ? [`  Mounts: ${mounts.length}`] : []),
    ...(ports.length > 0 ? [`  Ports: ${ports.length}`] : []),
    ...(init.length > 0 ? [`  Init commands: ${init.length}`] : []),
    '',
    `Use 'smolvm machine start --name ${name}' to start the machine`,
    `Then use 'smolvm machine exec --name ${name} -- <command>' to run commands`,
    '',
  ].join('\n');
}
