/** A variable's name, or what it begins with, followed by `*`. */
type Pattern = string;

/** What programs need to find things, and to speak the person's language. */
const ORDINARY: readonly Pattern[] = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'TMPDIR',
    'TZ',
    'TERM',
    'COLORTERM',
    'NO_COLOR',
    'FORCE_COLOR',
  ],
  ...['LANG', 'LANGUAGE', 'LC_*', 'LD_LIBRARY_PATH', 'XDG_*'],
];

/** Ways out, and whom to trust there. */
const NETWORK: readonly Pattern[] = [
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
  ],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'],
];

/**
 * What the docker client takes, with what its credential helpers need. Not here: DOCKER_DEFAULT_PLATFORM,
 * DOCKER_CONTENT_TRUST and BUILDX_BUILDER, since the kit's images are built for the engine's own platform, have no
 * signatures, and must end up in the engine.
 */
const DOCKER: readonly Pattern[] = [
  ...['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_API_VERSION', 'DOCKER_AUTH_CONFIG'],
  ...['DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_BUILDKIT', 'BUILDX_CONFIG'],
  ...['SSH_AUTH_SOCK', 'DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'GNUPGHOME', 'PASSWORD_STORE_DIR'],
  ...['AWS_PROFILE', 'AWS_REGION', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'CLOUDSDK_CONFIG'],
];

const NPM: readonly Pattern[] = ['npm_config_*', 'NPM_CONFIG_*', 'NPM_TOKEN', 'NODE_AUTH_TOKEN'];

const DESKTOP: readonly Pattern[] = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS'];

/** What the kit's own processes read. */
const KIT: readonly Pattern[] = [
  ...[
    'BOT_BOTTLE_*',
    'KIT',
    'MAKE',
    'CI',
    'SMOLVM',
    'SMOLVM_*',
    'RUST_LOG',
    'CODEX_HOME',
    'CLAUDE_CONFIG_DIR',
  ],
  ...['NODE_OPTIONS', 'NODE_COMPILE_CACHE', 'NODE_ENV', 'NODE_V8_COVERAGE', 'NODE_USE_ENV_PROXY'],
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM', 'DEBIAN_FRONTEND'],
];

/** What each kind of program that the kit starts may see of the person's environment. Everything else is withheld. */
const PASSED = {
  plain: ORDINARY,
  network: [...ORDINARY, ...NETWORK],
  docker: [...ORDINARY, ...NETWORK, ...DOCKER],
  npm: [...ORDINARY, ...NETWORK, ...NPM],
  desktop: [...ORDINARY, ...DESKTOP],
  kit: [...ORDINARY, ...NETWORK, ...DOCKER, ...NPM, ...KIT],
} as const satisfies Record<string, readonly Pattern[]>;

export type ChildKind = keyof typeof PASSED;

/** Returns the environment for a child process: never tokens, which are passed to those that need them by name. */
export function childEnvironment(
  kind: ChildKind,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const passed = Object.entries(environment).filter(([name]) =>
    PASSED[kind].some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    ),
  );
  return Object.fromEntries(passed.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/**
 * Calls `start`, which starts a process without a way to say its environment, as esbuild does. It must do so before it
 * returns.
 */
export function startingWithout<T>(start: () => T): T {
  const whole = process.env;
  process.env = childEnvironment('plain');
  try {
    return start();
  } finally {
    process.env = whole;
  }
}
