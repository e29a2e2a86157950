import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BASE_IMAGE_PINS } from '../../../lib/docker/base-image-pins.ts';
import { ensureBaseImage } from '../../../lib/docker/base-images.ts';
import { standInRecipe } from '../../../lib/docker/stand-ins/build.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

const PINNED = `{"digests":["node@${BASE_IMAGE_PINS.node.split('@')[1]}"],"labels":null}`;
const NO_REGISTRY =
  'echo "Error response from daemon: dial tcp: lookup registry.test: no such host" >&2; exit 1';
const ABSENT = 'echo "Error: No such image: x" >&2; exit 1';

let machine: Machine;
let said: string[];
const say = (line: string) => said.push(line);
beforeEach(() => {
  machine = makeMachine();
  said = [];
});
afterEach(() => machine.remove());

/** Fakes an engine whose `image inspect` prints `found` and whose `pull` runs `pull`. */
function engine(found: string, pull: string): void {
  const inspect = found === '' ? ABSENT : `echo '${found}'; ${ABSENT}`;
  machine.program('docker', `case $1 in image) ${inspect} ;; pull) ${pull} ;; esac`);
}

async function standIn(): Promise<string> {
  return `{"digests":[],"labels":{"bot-bottle.recipe":"${await standInRecipe('node')}"}}`;
}

describe('ensureBaseImage', () => {
  it('ensureBaseImage silently uses a pinned image that the engine has', async () => {
    engine(PINNED, 'exit 9');
    expect(await ensureBaseImage('node', { say })).toEqual({
      reference: BASE_IMAGE_PINS.node,
      standIn: false,
    });
    expect(said).toEqual([]);
  });

  it('a current stand-in is used when no registry responds, without a retry that day', async () => {
    engine(await standIn(), NO_REGISTRY);
    const image = { reference: 'bot-bottle-stand-in/node:24.21.0', standIn: true };
    expect(await ensureBaseImage('node', { say })).toEqual(image);
    engine(await standIn(), 'exit 0');
    expect(await ensureBaseImage('node', { say })).toEqual(image);
    expect(said).toEqual([]);
  });

  it('the pinned image replaces a stand-in once a registry responds a day later', async () => {
    engine(await standIn(), NO_REGISTRY);
    await ensureBaseImage('node', { say });
    engine(await standIn(), 'exit 0');
    vi.setSystemTime(Date.now() + 25 * 60 * 60_000);
    try {
      expect(await ensureBaseImage('node', { say })).toEqual({
        reference: BASE_IMAGE_PINS.node,
        standIn: false,
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('a stand-in with an outdated recipe is not used', async () => {
    engine('{"digests":[],"labels":{"bot-bottle.recipe":"0123456789abcdef"}}', 'exit 0');
    expect((await ensureBaseImage('node', { say })).standIn).toBe(false);
  });

  it('ensureBaseImage pulls the pinned image and announces it', async () => {
    engine('', 'echo "node@sha256:1: Pulling from library/node"; exit 0');
    expect((await ensureBaseImage('node', { say })).reference).toBe(BASE_IMAGE_PINS.node);
    expect(said).toEqual(['pulling node:24-bookworm-slim']);
  });

  it('an unavailable image is reported with the reason when no registry responds', async () => {
    vi.stubEnv('BOT_BOTTLE_BASE_IMAGES', 'registry');
    engine('', NO_REGISTRY);
    await expect(ensureBaseImage('node', { say })).rejects.toMatchObject({
      code: 'image-unavailable',
      message: expect.stringContaining('no such host'),
    });
  });

  it('a full disk is reported instead of building a stand-in', async () => {
    engine('', 'echo "failed to register layer: write /x: no space left on device" >&2; exit 1');
    await expect(ensureBaseImage('node', { say })).rejects.toMatchObject({ code: 'disk-full' });
  });

  it('a stopped engine is reported instead of building a stand-in', async () => {
    const stopped =
      'echo "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?" >&2; exit 1';
    machine.program('docker', stopped);
    await expect(ensureBaseImage('node', { say })).rejects.toMatchObject({ code: 'engine-missing' });
  });

  it('BOT_BOTTLE_BASE_IMAGES forces pinned images or stand-ins', async () => {
    vi.stubEnv('BOT_BOTTLE_BASE_IMAGES', 'registry');
    engine(await standIn(), 'exit 0');
    expect((await ensureBaseImage('node', { say })).standIn).toBe(false);
    vi.stubEnv('BOT_BOTTLE_BASE_IMAGES', 'stand-in');
    engine(`${PINNED}'; echo '${await standIn()}`, 'exit 9');
    expect((await ensureBaseImage('node', { say })).standIn).toBe(true);
  });

  it('an unknown value of BOT_BOTTLE_BASE_IMAGES is rejected', async () => {
    vi.stubEnv('BOT_BOTTLE_BASE_IMAGES', 'hub');
    await expect(ensureBaseImage('node', { say })).rejects.toThrow("BOT_BOTTLE_BASE_IMAGES is 'hub'");
  });
});
