import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type GuestAttack, type GuestScene, isTriedIn, slugOf, type Tier } from '../attack.ts';
import { GUEST_ATTACKS } from '../catalog.ts';
import { HOST_ATTACKS } from '../catalog-of-host.ts';
import type { HostAttack } from './host-attack.ts';
import { attackIn } from './in-guest.ts';
import { type Arrived, type AttackedBottle, guestScene, type Targets, upstream } from './scene.ts';

/** A bottle with all that its attacks need. */
export interface Attacked {
  readonly bottle: AttackedBottle;
  readonly scene: GuestScene;
  readonly targets: Targets;
  /** What each attack met, by its name. */
  readonly met: Map<string, string>;
}

export function attackedBottle(bottle: AttackedBottle, neighbor: AttackedBottle, targets: Targets): Attacked {
  return { bottle, targets, scene: guestScene(bottle, neighbor, targets, upstream.address), met: new Map() };
}

/** Makes all attacks in both bottles. @returns what arrived at the stand-in for the internet. */
export async function makeAttacks(program: string, alias: Attacked, socket: Attacked): Promise<Arrived[]> {
  const guest = (
    attacked: Attacked,
    wanted: (attack: GuestAttack) => boolean,
    onError?: (text: string) => void,
  ) => inGuest(program, attacked, wanted, onError);
  await Promise.all(
    [alias, socket].map(async (attacked) => {
      await Promise.all([
        guest(attacked, ({ as, alone, group }) => as === 'agent' && !alone && !group),
        guest(attacked, ({ as }) => as === 'root'),
        onHost(attacked),
      ]);
      await heldOpen(attacked, guest);
    }),
  );
  // The neighbor is asked during the flood.
  for (const [flooded, neighbor] of [[alias, socket] as const, [socket, alias] as const]) {
    await Promise.all([
      guest(flooded, ({ alone, name }) => alone === true && name === BIG_FLOOD),
      guest(neighbor, ({ name }) => name === NEIGHBOR),
    ]);
  }

  await Promise.all(
    [alias, socket].map((attacked) =>
      guest(attacked, ({ alone, name }) => alone === true && name !== BIG_FLOOD),
    ),
  );

  const arrived = upstream.received();
  for (const attacked of [alias, socket]) addArrivals(attacked, arrived);
  return arrived.filter(isEscape);
}

type InGuest = (
  attacked: Attacked,
  wanted: (attack: GuestAttack) => boolean,
  onError?: (text: string) => void,
) => Promise<void>;

const BIG_FLOOD = 'flood: a thousand connections at once, held open';
const NEIGHBOR = 'flood: another bottle’s, while this one asks for a page';

const tried = (tier: Tier) => (attack: GuestAttack | HostAttack) => isTriedIn(tier, attack);

async function inGuest(
  program: string,
  { bottle, scene, met }: Attacked,
  wanted: (attack: GuestAttack) => boolean,
  onError?: (text: string) => void,
): Promise<void> {
  const attacks = GUEST_ATTACKS.filter(tried(bottle.tier)).filter(wanted);
  const as = attacks[0]?.as ?? 'agent';
  for (const [name, what] of await attackIn(bottle, as, { program, attacks, scene }, onError))
    met.set(name, what);
}

async function onHost({ bottle, met }: Attacked): Promise<void> {
  const attacks = HOST_ATTACKS.filter(tried(bottle.tier));
  await Promise.all(
    attacks.map(async (attack) => {
      met.set(attack.name, await attack.run(bottle).catch((error: unknown) => `failed: ${error}`));
    }),
  );
}

/** Plays the person who grants a route, and takes it back when all connections through it are open. */
async function heldOpen(attacked: Attacked, guest: InGuest): Promise<void> {
  const { user, slug } = attacked.bottle;
  const granted = guest(attacked, ({ group }) => group === 'granted');
  const id = await proposedRoute(attacked.bottle);
  await user.run('approve', ['--bottle', slug, '--id', id]);
  await granted;
  const count = GUEST_ATTACKS.filter(({ group }) => group === 'tunnels').length;
  let open = 0;
  await guest(
    attacked,
    ({ group }) => group === 'tunnels',
    (text) => {
      const before = open;
      open += text.split('connection open').length - 1;
      if (before < count && open >= count) void user.run('revoke', ['--bottle', slug, '--id', id]);
    },
  );
}

/** The id of the route that waits for a person. */
async function proposedRoute({ user, slug }: AttackedBottle): Promise<string> {
  const queue = join(user.home, 'state', slug, 'supervise', 'queue');
  for (let tries = 0; tries < 100; tries += 1) {
    for (const name of await readdir(queue)) {
      const id = /^(p-[0-9a-z]{6})\.json$/.exec(name)?.[1];
      if (id === undefined) continue;
      const { request } = JSON.parse(await readFile(join(queue, name), 'utf8'));
      if (request.kind === 'allow') return id;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return 'p-000000';
}

/** Whether this must not have arrived upstream. */
function isEscape({ url, host, rawHeaders }: Arrived): boolean {
  return (
    url.includes('escaped') || host === 'other.example' || rawHeaders.join('\n').includes('other.example')
  );
}

/** Adds to what an attack met that something of it arrived nevertheless. */
function addArrivals({ met, targets }: Attacked, arrived: readonly Arrived[]): void {
  for (const { name, aims = [] } of GUEST_ATTACKS) {
    const hit = targets.listeners.filter((each) => each.heard.length > 0 && aims.includes(each.name));
    for (const { name: place, heard } of hit)
      met.set(name, `${met.get(name)}; arrived at ${place}: ${heard[0]}`);
    const slug = slugOf(name);
    const escaped = arrived.some((request) => isEscape(request) && request.url.split(/[/?]/).includes(slug));
    if (escaped) met.set(name, `${met.get(name)}; arrived upstream`);
  }
}

/** The daemons of a bottle's bundle with their process ids, to see whether one was restarted. */
export async function daemonsOf({ slug }: AttackedBottle): Promise<string[]> {
  const top = await execa('docker', ['top', `bot-bottle-sidecars-${slug}`, '-eo', 'pid,args']);
  return top.stdout.split('\n').filter((line) => /main\.mjs/.test(line));
}
