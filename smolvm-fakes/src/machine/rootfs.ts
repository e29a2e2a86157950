import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { importedRootfs } from '../archive/import.ts';
import { parseEnv } from '../cli/env.ts';
import { agentError, messageOf, SmolvmError } from '../errors.ts';
import { type GuestUser, guestUser, ROOT } from '../guest/user.ts';
import type { NetworkPolicy } from '../network/policy.ts';
import { extractPack, sharedExtraction } from '../pack/extract.ts';
import { pullFlat } from '../pack/pull.ts';
import { type Pack, readPack } from '../pack/read.ts';
import { agentRootfs } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { describeImage } from '../registry/client.ts';
import { type ImageConfig, machineFieldsOf } from '../registry/image-config.ts';
import { parseReference } from '../registry/reference.ts';
import type { VmRecord } from '../state/record.ts';
import { unpackTar } from '../tar/unpack.ts';

/** Path of the root filesystem of a machine's own image, once it has been imported or pulled. */
export function imageRootfs(record: VmRecord, folder: string): string | undefined {
  if (record.source_smolmachine !== undefined || record.image === null) return undefined;
  return importedRootfs(record.image) ?? join(folder, 'image');
}

/** The user that commands run as: root for packs, which never record their image's USER. */
export function userOf(record: VmRecord, folder: string, profile: Profile): GuestUser {
  const rootfs = imageRootfs(record, folder);
  return rootfs === undefined || !profile.honorsImageUser ? ROOT : guestUser(record.user, rootfs);
}

/**
 * Returns the folder that the root filesystem starts from, and the record with the values of a pulled image.
 */
export async function rootfsOf(
  record: VmRecord,
  folder: string,
  policy: NetworkPolicy,
  profile: Profile,
): Promise<{ layers: string; record: VmRecord }> {
  const source = record.source_smolmachine;
  if (source !== undefined) return { layers: await unpackFor(readPack(source), folder, profile), record };
  if (record.image !== null) {
    const imported = importedRootfs(record.image);
    return imported === undefined
      ? pulledImage(record, record.image, folder, policy, profile)
      : { layers: imported, record };
  }
  const bare = agentRootfs();
  if (existsSync(bare)) return { layers: bare, record };
  throw agentError('start machine', `agent rootfs not found: ${bare}`);
}

/** Unpacks a pack where its machine expects it. @returns the folder of the root filesystem. */
export function unpackFor(pack: Pack, folder: string, profile: Profile): Promise<string> {
  return extractPack(pack, profile.extractsPerMachine ? join(folder, 'pack') : sharedExtraction(pack));
}

/** Checks that the machine's sidecar exists: every start needs it. @throws SmolvmError when it is gone. */
export function requireSource(record: VmRecord): void {
  const source = record.source_smolmachine;
  if (source === undefined || existsSync(source)) return;
  throw agentError(
    'start machine',
    `source .smolmachine not found: ${source}\nThe file may have been moved or deleted.`,
  );
}

async function pulledImage(
  record: VmRecord,
  image: string,
  folder: string,
  policy: NetworkPolicy,
  profile: Profile,
): Promise<{ layers: string; record: VmRecord }> {
  const target = join(folder, 'image');
  if (existsSync(target)) return { layers: target, record };
  process.stderr.write(`Pulling ${image}...\n`);
  const partial = `${target}.partial`;
  try {
    // The guest pulls the image itself, over its own network.
    if (policy.kind === 'none') throw new Error('network is unreachable');
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const reference = parseReference(image);
    const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
    const remote = await describeImage(reference, platform);
    const { spool } = await pullFlat(reference, remote, profile);
    using flat = spool;
    await unpackTar(flat.chunks(), partial, true);
    renameSync(partial, target);
    return { layers: target, record: withImage(record, remote.config, profile) };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (error instanceof SmolvmError) throw error;
    throw agentError('start machine', `pull ${image}: ${messageOf(error)}`);
  }
}

/** Values given at create take precedence over the image's. */
function withImage(record: VmRecord, config: ImageConfig, profile: Profile): VmRecord {
  const image = machineFieldsOf(config);
  const commanded = record.entrypoint.length + record.cmd.length > 0;
  return {
    ...record,
    ...(commanded || !profile.runsImageCommand ? {} : { entrypoint: image.entrypoint, cmd: image.cmd }),
    env: [...parseEnv(image.env, { keyOnlyEnv: false }), ...record.env],
    workdir: record.workdir ?? image.workdir,
    user: record.user ?? image.user,
  };
}
