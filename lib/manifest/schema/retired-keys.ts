/** What is said about a key that has no meaning where it stands, yet is no slip of the pen. */
export interface RetiredKey {
  readonly message: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

/** Key path -> what took its place; `[]` stands for any entry of a list. */
export type RetiredKeys = ReadonlyMap<string, RetiredKey>;

const moved = (to: string, remedy: string): RetiredKey => ({
  message: `is gone: \`${to}\` took its place`,
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
  ['runtime', { message: 'is gone: the runtime is found by itself', remedy: 'Remove the key.' }],
  ['egress.routes[].path_allowlist', moved('matches', 'Write `matches: [{paths: [{value: /path}]}]`.')],
  [
    'egress.routes[].pipelock',
    moved('egress.routes[].dlp', 'Write what is to be inspected under `dlp` of each route.'),
  ],
  ['egress.routes[].role', { message: 'is reserved: no value is allowed yet', remedy: 'Remove the key.' }],
]);

const ofBottles = (key: string): [string, RetiredKey] => [
  key,
  { message: 'belongs to a bottle: an agent grants itself nothing', remedy: `Move \`${key}\` to a bottle.` },
];

export const RETIRED_AGENT_KEYS: RetiredKeys = new Map([
  ['git', moved('git-gate.user', 'Rename it to `git-gate`, with `user` under it.')],
  ...['env', 'egress', 'agent_provider', 'supervise', 'git-gate.repos', 'extends'].map(ofBottles),
]);
