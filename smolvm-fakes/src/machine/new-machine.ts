import { existsSync, realpathSync } from 'node:fs';
import { importArchive, namesArchive } from '../archive/import.ts';
import type { Arguments } from '../cli/command.ts';
import { parseEnv } from '../cli/env.ts';
import { parsePort } from '../cli/values.ts';
import { configError } from '../errors.ts';
import { refuseBackend } from '../network/backend.ts';
import { readPack } from '../pack/read.ts';
import { vmDirectory } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { machineFieldsOf } from '../registry/image-config.ts';
import { parseMountSocket, validateSockets } from '../sockets/mapping.ts';
import { newRecord, type VmRecord } from '../state/record.ts';
import { checkBackend, parseLabel } from './create-grammar.ts';
import { egressFlags } from './egress.ts';
import { DEFAULT_CPUS, DEFAULT_MEM, validatePorts, validateResources } from './resources.ts';
import { unpackFor } from './rootfs.ts';
import { parseVolume, refuseSharedTargets } from './volume.ts';

/** An image's `KEY` without `=` never takes the host's value. */
const OWN_VALUES = { keyOnlyEnv: false };

/** Builds the record of a machine that is not packed. */
export async function plainRecord(args: Arguments, profile: Profile, name: string): Promise<VmRecord> {
  const common = commonFields(args, profile);
  const { cpus, mem } = sizesOf(args);
  validate(common, cpus, mem);
  const egress = await egressFlags(args, profile);
  refuseBackend({ ...common, allowed_cidrs: egress.cidrs }, profile);
  const network = args.has('net') || egress.cidrs !== null;
  const image = await imageFields(args.value('image'), network, profile);
  const env = parseEnv(args.values('env'), profile);
  return newRecord(name, {
    ...common,
    ...image,
    ...commandOf(args),
    cpus,
    mem,
    env: [...(image.env ?? []), ...env],
    network,
    allowed_cidrs: egress.cidrs,
    dns_filter_hosts: egress.hosts,
    workdir: args.value('workdir') ?? image.workdir ?? null,
    gpu: args.has('gpu') ? true : null,
    gpu_vram_mib: numberOrNull(args.value('gpu-vram')),
  });
}

/** Builds the record of a machine from a sidecar. Before 1.0.0, the name is checked only after unpacking. */
export async function packedRecord(
  args: Arguments,
  profile: Profile,
  path: string,
  acceptName: () => string,
): Promise<VmRecord> {
  if (!existsSync(path)) throw configError('create from .smolmachine', `file not found: ${path}`);
  const pack = readPack(realpathSync(path));
  const { manifest } = pack;
  const common = commonFields(args, profile);
  const sizes = sizesOf(args);
  // A value equal to the default is indistinguishable from an absent one.
  const cpus = sizes.cpus === DEFAULT_CPUS ? manifest.cpus : sizes.cpus;
  const mem = sizes.mem === DEFAULT_MEM ? manifest.mem : sizes.mem;
  const egress = profile.fromDropsEgressFlags
    ? { cidrs: null, hosts: undefined }
    : await egressFlags(args, profile);
  if (profile.fromChecksResources) {
    validate(common, cpus, mem);
    refuseBackend({ ...common, allowed_cidrs: egress.cidrs }, profile);
  }
  process.stdout.write('Extracting .smolmachine assets...\n');
  const early = profile.extractsPerMachine ? acceptName() : undefined;
  await unpackFor(pack, vmDirectory(early ?? ''), profile);
  return newRecord(early ?? acceptName(), {
    ...common,
    cpus,
    mem,
    env: [...parseEnv(manifest.env ?? [], OWN_VALUES), ...parseEnv(args.values('env'), profile)],
    network: args.has('net') || manifest.network || egress.cidrs !== null,
    allowed_cidrs: egress.cidrs,
    dns_filter_hosts: egress.hosts,
    image: manifest.image,
    entrypoint: manifest.entrypoint ?? [],
    cmd: manifest.cmd ?? [],
    ...commandOf(args),
    workdir: manifest.workdir ?? null,
    gpu: manifest.gpu ? true : null,
    source_smolmachine: pack.path,
  });
}

/** Imports an archive now; a registry image is pulled by the guest at its first start. */
async function imageFields(
  image: string | undefined,
  network: boolean,
  profile: Profile,
): Promise<Partial<VmRecord>> {
  if (image === undefined) return { image: null };
  if (profile.imageArchives && namesArchive(image)) {
    const imported = await importArchive(image);
    const fields = machineFieldsOf(imported.config);
    return { ...fields, image: imported.image, env: parseEnv(fields.env, OWN_VALUES) };
  }
  if (profile.registryImageNeedsNetwork && !network) {
    throw configError(
      'create machine',
      `image '${image}' has to be pulled, which needs a network: add --net, or pass an image archive`,
    );
  }
  return { image };
}

function commonFields(args: Arguments, profile: Profile): Partial<VmRecord> {
  const backend = args.value('net-backend');
  const mounts = args.values('volume').map(parseVolume);
  if (profile.refusesDuplicateVolumes) refuseSharedTargets(mounts);
  const sockets = args.values('mount-socket').map(parseMountSocket);
  validateSockets(sockets);
  return {
    mounts,
    ports: args.values('port').map(parsePort),
    init: [...args.values('init')],
    storage_gb: numberOrNull(args.value('storage')),
    overlay_gb: numberOrNull(args.value('overlay')),
    network_backend: backend === undefined ? undefined : checkBackend(backend),
    published_sockets: sockets.length > 0 ? sockets : undefined,
    labels: args.has('label') ? Object.fromEntries(args.values('label').map(parseLabel)) : undefined,
  };
}

function commandOf(args: Arguments): Partial<VmRecord> {
  return args.trailing.length > 0 ? { entrypoint: [], cmd: [...args.trailing] } : {};
}

function sizesOf(args: Arguments): { cpus: number; mem: number } {
  return {
    cpus: Number(args.value('cpus') ?? DEFAULT_CPUS),
    mem: Number(args.value('mem') ?? DEFAULT_MEM),
  };
}

function validate(common: Partial<VmRecord>, cpus: number, mem: number): void {
  const { storage_gb: storage = null, overlay_gb: overlay = null } = common;
  validateResources({ cpus, mem, storage, overlay });
  validatePorts(common.ports ?? []);
}

const numberOrNull = (text: string | undefined) => (text === undefined ? null : Number(text));
