/** Message for a key that is not valid where it stands, but is not a typo either. */
export interface RetiredKey {
  readonly message: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

/** Key path -> its replacement; `[]` stands for any entry of a list. */
export type RetiredKeys = ReadonlyMap<string, RetiredKey>;

const moved = (to: string, remedy: string): RetiredKey => ({
  message: `is no longer supported: use \`${to}\``,
  remedy,
});

export const RETIRED_BOTTLE_KEYS: RetiredKeys = new Map([
  ['git', moved('git-gate', 'Rename it to `git-gate`; the repositories go under `git-gate.repos`.')],
  ['ssh', moved('git-gate.repos', 'Name each upstream under `git-gate.repos`.')],
  [
    'tokens',
    moved('egress.routes[].auth', 'Name the token’s variable as `token_ref` under `auth` of a route.'),
  ],
  ['cred_proxy', moved('egress.routes[].auth', 'Write each host as a route of `egress`, with its `auth`.')],
  ['egress_proxy', moved('egress', 'Rename it to `egress`.')],
  ['pipelock', moved('egress.pipelock', 'Write `pipelock: true` under `egress`.')],
  [
    'runtime',
    { message: 'is no longer supported: the runtime is detected automatically', remedy: 'Remove the key.' },
  ],
  ['egress.routes[].path_allowlist', moved('matches', 'Write `matches: [{paths: [{value: /path}]}]`.')],
  [
    'egress.routes[].pipelock',
    moved('egress.routes[].dlp', 'Configure inspection under `dlp` of each route.'),
  ],
  ['egress.routes[].role', { message: 'is reserved: no value is allowed yet', remedy: 'Remove the key.' }],
]);

const ofBottles = (key: string): [string, RetiredKey] => [
  key,
  {
    message: 'belongs in a bottle: an agent cannot grant itself anything',
    remedy: `Move \`${key}\` to a bottle.`,
  },
];

export const RETIRED_AGENT_KEYS: RetiredKeys = new Map([
  ['git', moved('git-gate.user', 'Rename it to `git-gate`, with `user` under it.')],
  ...['env', 'egress', 'agent_provider', 'supervise', 'git-gate.repos', 'extends'].map(ofBottles),
]);
