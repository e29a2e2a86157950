import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { BLOCK, fileHeader, padded } from './tar-header.ts';

/** How an image is run, in the words of its format. */
export interface ImageSettings {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

export interface WrittenImage {
  /** `sha256:…`, the digest of its configuration. */
  readonly id: string;
  /** Of the whole archive. */
  readonly bytes: number;
}

const LAYER = 'layer.tar';
/** IOV_MAX of Linux and macOS. */
const MOST_AT_ONCE = 1024;
/** Bytes that are written at once: a pipe delivers 64 KiB at a time. */
const BATCH = 1024 * 1024;

/**
 * Writes an image of one layer as the archive that `docker save` would make, while the layer arrives: its size and its
 * digest are filled in at the end, so that there is never a second copy of it.
 */
export class ImageArchive {
  readonly #file: FileHandle;
  readonly #digest = createHash('sha256');
  #layer = 0;
  /** What is to be written next, and its bytes. */
  #batch: Buffer[] = [];
  #batched = 0;
  /** One batch is written while the next one arrives. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param path of a file that does not exist. */
  static async create(path: string): Promise<ImageArchive> {
    return new ImageArchive(await open(path, 'wx', 0o600));
  }

  /** Bytes of the layer so far. */
  get layerBytes(): number {
    return this.#layer;
  }

  /**
   * Adds to the layer. @returns a promise when more should wait for it.
   * @throws Error with `code` ENOSPC when the disk is full.
   */
  write(parts: readonly Buffer[]): Promise<void> | undefined {
    for (const part of parts) {
      this.#digest.update(part);
      this.#layer += part.length;
      this.#batched += part.length;
      if (part.length > 0) this.#batch.push(part);
    }
    return this.#batched < BATCH ? undefined : this.#flush();
  }

  /** Resolves when the batch before is written. */
  async #flush(): Promise<void> {
    const parts = this.#batch;
    const position = BLOCK + this.#layer - this.#batched;
    this.#batch = [];
    this.#batched = 0;
    await this.#writing;
    this.#writing = writeAll(this.#file, parts, position);
    // Whoever waits for it next is told.
    this.#writing.catch(() => {});
  }

  /** @param tag such as `name:latest`. */
  async finish(settings: ImageSettings, tag: string): Promise<WrittenImage> {
    await this.#flush();
    await this.#writing;
    const created = new Date().toISOString();
    const config = JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      created,
      config: settings,
      rootfs: { type: 'layers', diff_ids: [`sha256:${this.#digest.digest('hex')}`] },
      history: [{ created, created_by: 'bot-bottle freeze' }],
    });
    const id = createHash('sha256').update(config).digest('hex');
    const manifest = JSON.stringify([{ Config: `${id}.json`, RepoTags: [tag], Layers: [LAYER] }]);
    const rest = Buffer.concat([
      Buffer.alloc(padded(this.#layer) - this.#layer),
      entry(`${id}.json`, config),
      entry('manifest.json', manifest),
      Buffer.alloc(2 * BLOCK),
    ]);
    await writeAll(this.#file, [rest], BLOCK + this.#layer);
    await writeAll(this.#file, [fileHeader(LAYER, this.#layer)], 0);
    await this.#file.sync();
    await this.close();
    return { id: `sha256:${id}`, bytes: BLOCK + this.#layer + rest.length };
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }
}

function entry(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const padding = Buffer.alloc(padded(content.length) - content.length);
  return Buffer.concat([fileHeader(name, content.length), content, padding]);
}

async function writeAll(file: FileHandle, parts: readonly Buffer[], position: number): Promise<void> {
  let at = position;
  for (let left = [...parts]; left.length > 0; ) {
    const { bytesWritten } = await file.writev(left.slice(0, MOST_AT_ONCE), at);
    at += bytesWritten;
    left = without(left, bytesWritten);
  }
}

function without(parts: readonly Buffer[], bytes: number): Buffer[] {
  let skipped = 0;
  let left = bytes;
  while (skipped < parts.length && left >= (parts[skipped]?.length ?? 0))
    left -= parts[skipped++]?.length ?? 0;
  const rest = parts.slice(skipped);
  if (left > 0 && rest[0] !== undefined) rest[0] = rest[0].subarray(left);
  return rest;
}
