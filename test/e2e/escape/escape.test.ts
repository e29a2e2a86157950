import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineHolds, type Sandbox, useSandboxes } from '../../support/kit.ts';
import { expectedIn, type GuestAttack, isTriedIn, LISTENER_NAMES, type Tier } from './attack.ts';
import { GUEST_ATTACKS } from './catalog.ts';
import { HOST_ATTACKS } from './catalog-of-host.ts';
import type { HostAttack } from './host/host-attack.ts';
import { guestProgram } from './host/in-guest.ts';
import { type Attacked, attackedBottle, daemonsOf, makeAttacks } from './host/make-attacks.ts';
import { type Arrived, bringUp, openTargets, upstream } from './host/scene.ts';
import { tableOf } from './host/table.ts';

const sandbox = useSandboxes();
const TIERS: readonly Tier[] = ['alias', 'socket'];
const ATTACKS: readonly (GuestAttack | HostAttack)[] = [...GUEST_ATTACKS, ...HOST_ATTACKS];

const attacked = new Map<Tier, Attacked>();
const daemons = new Map<Tier, string[]>();
const users: Sandbox[] = [];
let escaped: Arrived[] = [];

beforeAll(async () => {
  await upstream.start();
  const launch = async (tier: Tier) => {
    const user = sandbox();
    users.push(user);
    const leave = upstream.serve(user);
    // Its bundle stays where it is.
    return bringUp(tier, user).finally(leave);
  };
  const [alias, socket] = await Promise.all([launch('alias'), launch('socket')]);
  const aliasAttacked = attackedBottle(alias, socket, await openTargets(alias, socket));
  const socketAttacked = attackedBottle(socket, alias, await openTargets(socket, alias));
  attacked.set('alias', aliasAttacked).set('socket', socketAttacked);
  for (const bottle of [alias, socket]) daemons.set(bottle.tier, await daemonsOf(bottle));
  escaped = await makeAttacks(await guestProgram(), aliasAttacked, socketAttacked);
}, 600_000);

afterAll(async () => {
  if (process.env.BOT_BOTTLE_TEST_TABLE === '1') process.stdout.write(`${tableOf(ATTACKS, attacked)}\n`);
  await Promise.all(
    users.map(async (user) => {
      for (const slug of await user.bottles()) await user.run('teardown', ['--bottle', slug, '--discard']);
    }),
  );
  await upstream.stop();
  for (const { targets } of attacked.values()) {
    for (const listener of targets.listeners) listener.close();
    targets.abstract.server.close();
  }
  expect(await engineHolds()).toEqual([]);
});

it('the catalog has at least sixty attacks, each under a name of its own', () => {
  const names = ATTACKS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !name.startsWith('control: ')).length).toBeGreaterThanOrEqual(60);
});

describe.each(TIERS)('an attacker in the guest, in the %s tier', (tier) => {
  it.each(ATTACKS.filter((attack) => isTriedIn(tier, attack)))('$as: $name', (attack) => {
    expect(attacked.get(tier)?.met.get(attack.name)).toMatch(expectedIn(tier, attack));
  });

  it.each(LISTENER_NAMES)('nothing arrived at the host’s listener %s, which listens', async (name) => {
    const listener = attacked.get(tier)?.targets.listeners.find((each) => each.name === name);
    expect(listener?.heard).toEqual([]);
    expect(await listener?.isThere()).toBe(true);
  });

  it('nothing arrived at the host’s socket in the abstract namespace', () => {
    expect(attacked.get(tier)?.targets.abstract.heard).toBe(0);
  });

  it('no daemon of the bundle had to be restarted', async () => {
    const { bottle } = attacked.get(tier) ?? {};
    expect(daemons.get(tier)?.length).toBeGreaterThan(3);
    expect(bottle && (await daemonsOf(bottle))).toEqual(daemons.get(tier));
  });
});

it('nothing else arrived upstream that was to be held back', () => {
  expect(escaped).toEqual([]);
});
