/** Why a manifest may not set a variable. */
export interface OwnedVariable {
  readonly reason: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

/** The guest's variables for its proxy, in the spellings that programs read. */
export const PROXY_VARIABLES = [
  ...['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'],
  // Yarn 2 and later reads no other.
  ...['YARN_HTTP_PROXY', 'YARN_HTTPS_PROXY'],
] as const;
export const NO_PROXY_VARIABLES = ['NO_PROXY', 'no_proxy'] as const;
/** The guest has none: clients would take it for protocols that egress does not speak. */
export const CATCH_ALL_VARIABLES = ['ALL_PROXY', 'all_proxy'] as const;
/** Where the guest's git gate is. */
export const GIT_GATE_VARIABLE = 'GIT_GATE_URL';
/** Where the MCP server is on which the agent asks the operator. */
export const SUPERVISE_VARIABLE = 'MCP_SUPERVISE_URL';
/** Who the agent is, from the image's USER. */
export const USER_VARIABLES = ['HOME', 'USER'] as const;

const KIT_PREFIX = 'BOT_BOTTLE_';

const PROXY: OwnedVariable = {
  reason: 'is the kit’s: egress is the only way out of a bottle',
  remedy: 'Remove it; name the hosts that the agent needs under `egress.routes`.',
};
const NO_PROXY: OwnedVariable = {
  reason: 'is the kit’s: a host that is exempted from the proxy could not be reached at all',
  remedy: 'Remove it; name the host under `egress.routes`. The guest’s own addresses are exempted already.',
};
const IDENTITY: OwnedVariable = {
  reason: 'is the kit’s: it belongs to the user that the agent runs as',
  remedy: 'Remove it; set USER in the image’s Dockerfile, or BOT_BOTTLE_GUEST_HOME at launch.',
};
const GATE: OwnedVariable = {
  reason: 'is the kit’s: it tells the agent where its git gate is',
  remedy: 'Remove it; name the repositories under `git-gate.repos`.',
};
const SUPERVISE: OwnedVariable = {
  reason: 'is the kit’s: it tells the agent where it can ask you for more access',
  remedy: 'Remove it; `supervise: false` turns asking off.',
};
const OWN: OwnedVariable = {
  reason: `is the kit’s, like every name that starts with ${KIT_PREFIX}`,
  remedy: 'Choose another name.',
};

const OWNED: ReadonlyMap<string, OwnedVariable> = new Map([
  ...[...PROXY_VARIABLES, ...CATCH_ALL_VARIABLES].map((name): [string, OwnedVariable] => [name, PROXY]),
  ...NO_PROXY_VARIABLES.map((name): [string, OwnedVariable] => [name, NO_PROXY]),
  [GIT_GATE_VARIABLE, GATE],
  [SUPERVISE_VARIABLE, SUPERVISE],
  ...USER_VARIABLES.map((name): [string, OwnedVariable] => [name, IDENTITY]),
]);

/** Returns why only the kit sets a guest variable; undefined for a variable that anyone may set. */
export function ownedVariable(name: string): OwnedVariable | undefined {
  return name.startsWith(KIT_PREFIX) ? OWN : OWNED.get(name);
}
