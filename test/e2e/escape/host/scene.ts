import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { TestRepository, TWO_COMMITS } from '../../../support/git/repositories.ts';
import { KIT, type Sandbox } from '../../../support/kit.ts';
import { StandIn } from '../../../support/stand-in.ts';
import { type GuestScene, type ListenerName, type Place, TIERS, type Tier } from '../attack.ts';
import { type Listener, openListeners } from './listeners.ts';
import { HOSTS, manifestExtra } from './manifest.ts';
import { PRINTER } from './terminal-attacks.ts';

const IMAGE = join(KIT, 'test', 'support', 'git', 'image', 'Dockerfile');

/** What the stand-in for the internet writes down of a request. */
export interface Arrived {
  readonly host?: string;
  readonly url: string;
  readonly method: string;
  readonly rawHeaders: readonly string[];
}

/** A bottle that is attacked from inside, and what the host knows about it. */
export interface AttackedBottle {
  readonly tier: Tier;
  readonly user: Sandbox;
  readonly slug: string;
  /** The repository that it works on a copy of. */
  readonly repository: TestRepository;
  /** Directory of the host in which planted commands leave their names. */
  readonly plants: string;
  readonly token: string;
  readonly network: { readonly address: string; readonly gateway: string };
  readonly published: readonly (Place & { readonly daemon: string })[];
}

const discovered = z.looseObject({
  data: z.looseObject({
    published: z.array(z.looseObject({ daemon: z.string(), host: z.string(), port: z.number() })),
  }),
});

export const upstream = new StandIn<Arrived>(join(KIT, 'test/e2e/escape/upstream.ts'), HOSTS);

/** Brings a bottle up that works on a copy of a repository, and lets it reach the stand-in. */
export async function bringUp(tier: Tier, user: Sandbox): Promise<AttackedBottle> {
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${TIERS[tier]}`);
  const token = `tok-${randomBytes(16).toString('hex')}`;
  Object.assign(user.env, {
    NODE_EXTRA_CA_CERTS: upstream.roots,
    UPSTREAM_TOKEN: token,
    FORGE_TOKEN: `forge-${randomBytes(16).toString('hex')}`,
  });
  const plants = join(user.root, 'plants');
  mkdirSync(plants);
  writeFileSync(join(user.root, 'canary'), 'a file of the host\n');
  await user.writeAgent('attacker', ['node', '-e', PRINTER], manifestExtra(), IMAGE);
  const repository = await TestRepository.with(TWO_COMMITS);
  const prepared = await execa(process.execPath, [join(KIT, 'scripts/prepare.ts'), '--agent', 'attacker'], {
    ...{ cwd: repository.root, env: user.env, extendEnv: false },
  });
  const slug = prepared.stdout.trim();
  const up = await user.run('up', ['--bottle', slug]);
  if (up.exitCode !== 0) throw new Error(up.stderr);
  const record = await readFile(join(user.home, 'state', slug, 'phases', 'discover-urls.json'), 'utf8');
  const { published } = discovered.parse(JSON.parse(record)).data;
  const networks = `{{json (index .NetworkSettings.Networks "bot-bottle-bundle-${slug}")}}`;
  const inspect = ['inspect', '--format', networks, `bot-bottle-sidecars-${slug}`];
  const network = z
    .looseObject({ IPAddress: z.string(), Gateway: z.string() })
    .parse(JSON.parse((await execa('docker', inspect)).stdout));
  return {
    ...{ tier, user, slug, repository, plants, token, published },
    network: { address: network.IPAddress, gateway: network.Gateway },
  };
}

/** What the host has opened for one bottle's attacks. */
export interface Targets {
  readonly listeners: readonly Listener[];
  readonly abstract: { readonly name: string; readonly server: Server; heard: number };
}

export async function openTargets(
  { network, slug }: AttackedBottle,
  other: AttackedBottle,
): Promise<Targets> {
  const abstract = { name: `bk-escape-${slug}`, server: createServer(), heard: 0 };
  abstract.server.on('connection', (socket) => {
    abstract.heard += 1;
    socket.destroy();
  });
  abstract.server.listen(`\0${abstract.name}`);
  return { listeners: await openListeners(network.gateway, other.network.gateway), abstract };
}

const portsOf = ({ published }: AttackedBottle) =>
  Object.fromEntries(published.map(({ daemon, port }) => [daemon, port]));
const aliasOf = ({ published }: AttackedBottle) => published[0]?.host ?? '';

/** Path of a bottle's socket on the host; see `lib/bottle/socket-directory.ts`. */
function socketOf({ user, slug }: AttackedBottle): string {
  const key = createHash('sha256')
    .update(join(user.home, 'state', slug))
    .digest('hex')
    .slice(0, 16);
  return `/tmp/bot-bottle-${process.getuid?.()}/${key}/egress.sock`;
}

export function guestScene(
  bottle: AttackedBottle,
  neighbor: AttackedBottle,
  targets: Targets,
  upstreamAddress: string,
): GuestScene {
  const places = targets.listeners.map(({ name, host, port }) => [name, { host, port }]);
  return {
    tier: bottle.tier,
    alias: aliasOf(bottle),
    published: portsOf(bottle),
    bundle: bottle.network.address,
    neighbor: {
      slug: neighbor.slug,
      alias: aliasOf(neighbor),
      published: portsOf(neighbor),
      bundle: neighbor.network.address,
      socket: socketOf(neighbor),
    },
    listeners: Object.fromEntries(places) as Record<ListenerName, Place>,
    abstract: targets.abstract.name,
    canary: join(bottle.user.root, 'canary'),
    upstream: upstreamAddress,
    credential: createHash('sha256').update(`Bearer ${bottle.token}`).digest('hex'),
    reversedToken: [...bottle.token].reverse().join(''),
  };
}
