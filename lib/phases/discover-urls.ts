import { z } from 'zod';
import { DAEMON_PORTS } from '../daemons/contract/names.ts';
import { findContainer, hostPortOf } from '../docker/container.ts';
import { BottleError } from '../errors.ts';
import { allocate } from './allocate.ts';
import type { Phase } from './phase.ts';
import { startBundle } from './start-bundle.ts';

const urls = z.strictObject({ proxy: z.url() });
export type Urls = z.infer<typeof urls>;

/** Finds the host ports that the engine picked, and with them the URLs that the guest will use. */
export const discoverUrls: Phase<Urls> = {
  name: 'discover-urls',
  summary: 'find the ports that the engine picked for the bundle, and form the guest’s URLs',
  needs: [allocate, startBundle],
  record: urls,
  durable: false,

  async run(context) {
    const [{ alias }, { container }] = await Promise.all([context.read(allocate), context.read(startBundle)]);
    return { proxy: await proxyUrl(container, alias) };
  },

  async isAlive(context, { proxy }) {
    const [{ alias }, { container }] = await Promise.all([context.read(allocate), context.read(startBundle)]);
    return (await proxyUrl(container, alias)) === proxy;
  },

  describe: ({ proxy }) => proxy,
};

async function proxyUrl(container: string, alias: string): Promise<string> {
  const found = await findContainer(container);
  const port = found && hostPortOf(found, DAEMON_PORTS.egress, alias);
  if (port !== undefined) return `http://${alias}:${port}`;
  throw new BottleError('bundle-failed', `egress is not published on ${alias} by ${container}`, {
    hint: 'Start the bundle again: run start-bundle with --force.',
  });
}
