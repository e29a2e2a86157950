import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inject } from 'vitest';
import { type ImageOptions, layerOf, publish } from './image.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { Home } from './smolvm.ts';
import { patchRecord, type RawRecord } from './state.ts';

/** A registry with an image to pack, and a home to run smolvm in. */
export class Fixture implements AsyncDisposable {
  readonly registry: TestRegistry;
  readonly home: Home;
  readonly #base: Buffer;

  constructor(home: Home, registry: TestRegistry, base: Buffer) {
    this.home = home;
    this.registry = registry;
    this.#base = base;
  }

  /** `base` is a compressed layer; by default, the one of the whole run. */
  static async start(home = new Home(), base?: Buffer): Promise<Fixture> {
    return new Fixture(home, await startRegistry(), base ?? (await readFile(inject('baseLayer'))));
  }

  /** A layer of small files, e.g. `{ 'etc/motd': 'hello' }`. */
  async layer(files: Readonly<Record<string, string>>): Promise<Buffer> {
    const folder = await mkdtemp(join(this.home.path, 'layer-'));
    try {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(join(folder, path, '..'), { recursive: true });
        await writeFile(join(folder, path), content);
      }
      return await layerOf(folder, Object.keys(files));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** Publishes the base image with `upper` layers on top. @returns its reference. */
  publish(name: string, options: ImageOptions = {}, upper: readonly Buffer[] = []): string {
    publish(this.registry, name, [this.#base, ...upper], options);
    return `localhost:${this.registry.port}/${name}`;
  }

  /** The base image's only layer, compressed. */
  get base(): Buffer {
    return this.#base;
  }

  /** The base image's files as a plain tar, for `docker import`. */
  rootfsTar(): Buffer {
    return gunzipSync(this.#base);
  }

  /** Packs an image. @returns the path of the sidecar. */
  async pack(image: string, ...flags: string[]): Promise<string> {
    const output = join(this.home.path, image.replace(/.*\//, '').replace(':', '-'));
    await this.home.ok('pack', 'create', '--image', image, '-o', output, ...flags);
    return `${output}.smolmachine`;
  }

  /** Creates a machine from a sidecar, patches its record, and starts it. */
  async boot(name: string, sidecar: string, fields: RawRecord = {}, ...flags: string[]): Promise<void> {
    await this.home.ok(
      'machine',
      'create',
      ...(await import('./grammar.ts')).named(name),
      '--from',
      sidecar,
      ...flags,
    );
    if (Object.keys(fields).length > 0) patchRecord(this.home, name, fields);
    await this.home.ok('machine', 'start', '-n', name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
  }
}

/** Why guests cannot be started here; undefined when they can. */
export function noGuests(): string | undefined {
  return inject('noGuests') || undefined;
}
