/** How a guest reaches its bundle, which decides how what it must not reach fails. */
export const TIERS = { alias: '0.8.0', socket: '1.9.3' } as const;
export type Tier = keyof typeof TIERS;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What the attacks in a guest know: all that a thorough attacker could have found out. */
export interface GuestScene {
  readonly tier: Tier;
  /** Loopback address of the host that belongs to the guest's own bundle, with the ports published there. */
  readonly alias: string;
  readonly published: Readonly<Record<string, number>>;
  /** Address of the own bundle on its bridge. */
  readonly bundle: string;
  /** The same of a bottle that runs beside this one. */
  readonly neighbor: {
    readonly slug: string;
    readonly alias: string;
    readonly published: Readonly<Record<string, number>>;
    readonly bundle: string;
    /** Path on the host of its socket for egress. */
    readonly socket: string;
  };
  /** Listeners that the host has opened, all of which greet. */
  readonly listeners: Readonly<Record<ListenerName, Place>>;
  /** Name in the abstract namespace of a Unix socket on which the host listens. */
  readonly abstract: string;
  /** A file of the host. */
  readonly canary: string;
  /** Address of the stand-in for the internet. */
  readonly upstream: string;
  /** SHA-256, in hex, of the `Authorization` that egress injects for `allowed.example`. */
  readonly credential: string;
  /** The token itself with its characters reversed, so that a search does not find this scene. */
  readonly reversedToken: string;
}

export const LISTENER_NAMES = ['loopback', 'alias', 'lan', 'bridge', 'gateway', 'loopback6'] as const;
export type ListenerName = (typeof LISTENER_NAMES)[number];

type Expected = RegExp | Readonly<Record<Tier, RegExp>>;

interface Entry {
  /** What is tried; unique. */
  readonly name: string;
  /** The tiers in which it can be tried; default: all. */
  readonly tiers?: readonly Tier[];
  /** What it must meet, as a whole. */
  readonly meets: Expected;
}

/** Tried in the guest, where `run` itself runs. */
export interface GuestAttack extends Entry {
  readonly as: 'agent' | 'root';
  /** Whether it needs the bottle for itself: it runs after all others, alone. */
  readonly alone?: true;
  /**
   * `granted`: a person approves what it asks for; `tunnels`: and revokes it while the attack holds on to it;
   * `neighbor`: another bottle floods its own bundle meanwhile.
   */
  readonly group?: 'granted' | 'tunnels' | 'neighbor';
  /** Host listeners that must not hear of it. */
  readonly aims?: readonly ListenerName[];
  /** @returns what it met, on one line. */
  run(scene: GuestScene, slug: string): Promise<string>;
}

export function expectedIn(tier: Tier, { meets }: Entry): RegExp {
  const { source, flags } = meets instanceof RegExp ? meets : meets[tier];
  return new RegExp(`^(?:${source})$`, flags);
}

export const isTriedIn = (tier: Tier, { tiers }: Entry): boolean => tiers?.includes(tier) ?? true;

/** Stands for an attack in URLs: what arrives upstream below `/escaped/` has escaped. */
export const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
