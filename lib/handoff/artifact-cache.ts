import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { homeLabel } from '../docker/labels.ts';
import { cacheDirectory } from '../host/directories.ts';
import { withLock } from '../host/lock.ts';
import type { Handoff } from '../plan/schema.ts';

/**
 * How long to wait for another launch that packs the same image: a big image on a slow disk takes minutes.
 */
const PACK_TIMEOUT_MS = 30 * 60_000;

export function artifactDirectory(): string {
  return join(cacheDirectory(), 'smolmachines');
}

/** How the names of this home's unfinished artifacts begin; homes may share a cache. */
export function partialPrefix(): string {
  return `partial-${homeLabel()}-`;
}

/** Returns the directory for a bottle's unfinished artifact. */
export function partialDirectory(slug: string): string {
  return join(artifactDirectory(), partialPrefix() + slug);
}

/** Returns the path of an image's artifact, named by the first 16 hex digits of the image's id. */
export function artifactPath(imageId: string, handoff: Handoff): string {
  const ending = handoff === 'archive' ? 'image.tar' : 'smolmachine.smolmachine';
  return join(artifactDirectory(), `${artifactKey(imageId)}.${ending}`);
}

export function artifactKey(imageId: string): string {
  return imageId.replace('sha256:', '').slice(0, 16);
}

export async function hasArtifact(imageId: string, handoff: Handoff): Promise<boolean> {
  const found = await stat(artifactPath(imageId, handoff)).catch(() => undefined);
  return found?.isFile() ?? false;
}

export interface MakeOptions {
  handoff: Handoff;
  force: boolean;
  /** Directory for tarballs and unfinished artifacts; always removed afterward. */
  workspace: string;
  /** Creates the artifact in the workspace and renames it to `path` as its last step. */
  make: (path: string) => Promise<void>;
  onWait: () => void;
}

/**
 * Creates an image's artifact once, even with concurrent callers. It is created in its own directory and then
 * renamed, so an interrupted run leaves nothing that looks like an artifact.
 */
export async function makeArtifact(imageId: string, options: MakeOptions): Promise<string> {
  const { handoff, force, workspace, make, onWait } = options;
  const path = artifactPath(imageId, handoff);
  const work = async () => {
    if (!force && (await hasArtifact(imageId, handoff))) return;
    await rm(workspace, { recursive: true, force: true });
    await mkdir(workspace, { recursive: true, mode: 0o700 });
    try {
      await make(path);
    } finally {
      await rm(workspace, { recursive: true, force: true });
    }
  };
  await withLock(`${path}.lock.db`, work, { timeoutMs: PACK_TIMEOUT_MS, onWait });
  return path;
}
