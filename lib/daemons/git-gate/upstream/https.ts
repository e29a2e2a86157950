import type { Roots } from './roots.ts';

/** Bytes a second below which a connection counts as idle. */
const IDLE_BYTES = 1;

/** Scheme, host and port. */
const ORIGIN = /^https:\/\/[^/]+/;

/**
 * A credential helper, which git hands to a shell. It has the token from its environment, where no command line, file
 * or URL shows it.
 */
const HELPER = `!printf 'username=%s\\npassword=%s\\n' "$BOT_BOTTLE_GIT_USER" "$BOT_BOTTLE_GIT_TOKEN"; :`;

export interface HttpsAccess {
  readonly url: string;
  readonly username: string;
  readonly token: string;
  readonly roots: Roots;
  /** Seconds without a byte after which git gives up. */
  readonly idleSeconds: number;
}

/** The variables that make git reach upstream by HTTPS, and by nothing else, with this token and these roots. */
export function httpsEnvironment(access: HttpsAccess): Record<string, string> {
  const { url, username, token, roots, idleSeconds } = access;
  const settings: readonly [key: string, value: string][] = [
    // None of the machine's. For another host than upstream's, there is none at all.
    ['credential.helper', ''],
    [`credential.${ORIGIN.exec(url)?.[0]}.helper`, HELPER],
    // Whoever is redirected to was not named in the manifest.
    ['http.followRedirects', 'false'],
    ['http.sslVerify', 'true'],
    ['http.sslVersion', 'tlsv1.2'],
    ['http.sslCAInfo', roots.file],
    ['http.sslCAPath', roots.none],
    ['http.lowSpeedLimit', String(IDLE_BYTES)],
    ['http.lowSpeedTime', String(idleSeconds)],
  ];
  return {
    GIT_ALLOW_PROTOCOL: 'https',
    BOT_BOTTLE_GIT_USER: username,
    BOT_BOTTLE_GIT_TOKEN: token,
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/** What git says -> what it means for whoever reads it, for the repository `name`. */
const ADVICE: readonly [RegExp, (name: string) => string][] = [
  [/Authentication failed/, (name) => `the upstream does not accept the token of git-gate.repos.${name}.key`],
  [
    /certificate verification failed|certificate problem|SSL: /,
    () => 'neither the public roots nor NODE_EXTRA_CA_CERTS of the host vouch for the upstream’s certificate',
  ],
  [
    /returned error: 30[1-8]/,
    (name) => `the upstream redirects; git-gate.repos.${name}.url must say where it leads`,
  ],
  [
    /returned error: 403/,
    (name) => `the upstream does not let the token of git-gate.repos.${name}.key do this`,
  ],
];

/** What to add to what git said about an HTTPS upstream. */
export function httpsAdvice(name: string, said: string): string | undefined {
  return ADVICE.find(([pattern]) => pattern.test(said))?.[1](name);
}
