import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { importedRootfs } from '../archive/import.ts';
import { agentError, messageOf, SmolvmError } from '../errors.ts';
import { type GuestUser, guestUser, ROOT } from '../guest/user.ts';
import type { NetworkPolicy } from '../network/policy.ts';
import { extractPack, sharedExtraction, unpackTar } from '../pack/extract.ts';
import { pullFlat } from '../pack/pull.ts';
import { type Pack, readPack } from '../pack/read.ts';
import { agentRootfs } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { describeImage } from '../registry/client.ts';
import { parseReference } from '../registry/reference.ts';
import type { VmRecord } from '../state/record.ts';

/** Where the root filesystem of a machine's own image lies, once it has been brought here. */
export function imageRootfs(record: VmRecord, folder: string): string | undefined {
  if (record.source_smolmachine !== undefined || record.image === null) return undefined;
  return importedRootfs(record.image) ?? join(folder, 'image');
}

/** Whom commands run as: packs never know their image's USER, so it is root there. */
export function userOf(record: VmRecord, folder: string, profile: Profile): GuestUser {
  const rootfs = imageRootfs(record, folder);
  return rootfs === undefined || !profile.honoursImageUser ? ROOT : guestUser(record.user, rootfs);
}

/** The folder that a machine's root filesystem starts from. */
export async function rootfsOf(
  record: VmRecord,
  folder: string,
  policy: NetworkPolicy,
  profile: Profile,
): Promise<string> {
  const source = record.source_smolmachine;
  if (source !== undefined) return unpackFor(readPack(source), folder, profile);
  if (record.image !== null) return importedRootfs(record.image) ?? pulledImage(record.image, folder, policy);
  const bare = agentRootfs();
  if (existsSync(bare)) return bare;
  throw agentError('start machine', `agent rootfs not found: ${bare}`);
}

/** Unpacks a pack where its machine looks for it. @returns the folder of the root filesystem. */
export function unpackFor(pack: Pack, folder: string, profile: Profile): Promise<string> {
  return extractPack(pack, profile.extractsPerMachine ? join(folder, 'pack') : sharedExtraction(pack));
}

/** @throws SmolvmError when the sidecar of the machine has gone: it is needed at every start. */
export function requireSource(record: VmRecord): void {
  const source = record.source_smolmachine;
  if (source === undefined || existsSync(source)) return;
  throw agentError(
    'start machine',
    `source .smolmachine not found: ${source}\nThe file may have been moved or deleted.`,
  );
}

async function pulledImage(image: string, folder: string, policy: NetworkPolicy): Promise<string> {
  const target = join(folder, 'image');
  if (existsSync(target)) return target;
  process.stderr.write(`Pulling ${image}...\n`);
  const partial = `${target}.partial`;
  try {
    // The guest pulls by itself, over the network that it has.
    if (policy.kind === 'none') throw new Error('network is unreachable');
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const reference = parseReference(image);
    const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
    const { spool } = await pullFlat(reference, await describeImage(reference, platform));
    using flat = spool;
    await unpackTar(flat.chunks(), partial);
    renameSync(partial, target);
    return target;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (error instanceof SmolvmError) throw error;
    throw agentError('start machine', `pull ${image}: ${messageOf(error)}`);
  }
}
