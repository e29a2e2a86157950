import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseImageOptions } from '../docker/base-images.ts';
import { copyImageFile } from '../docker/image-files.ts';
import type { Bottle } from './bottle.ts';
import { GUEST_TOOL } from './tool.ts';
import { ensureToolImage } from './tool-image.ts';

/**
 * Replaces the tool in a guest that was frozen with another version of the kit. The old one does the copying, by
 * commands that stay as they are.
 * @throws BottleError `guest-failed`, `engine-failed`
 */
export async function updateTool(bottle: Bottle, options: BaseImageOptions): Promise<void> {
  const image = await ensureToolImage(options);
  const directory = await mkdtemp(join(tmpdir(), 'bot-bottle-tool-'));
  try {
    const file = join(directory, 'guest-tool');
    await copyImageFile(image, '/guest-tool', file);
    await bottle.cpIn(file, GUEST_TOOL, { as: 'root', mode: '0755' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
