import { BottleError } from '../errors.ts';
import { shortPath } from '../host/short-path.ts';
import { routeEntry } from '../manifest/schema/route-entry.ts';
import type { Manifest, ManifestRoute } from '../manifest/types.ts';
import type { Plan } from '../plan/schema.ts';
import { SIGN_IN_VARIABLE } from '../plan/sign-in.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';
import type { FileVariables } from './env-files.ts';
import { placeOf } from './manifest-place.ts';

export interface ResolvedCredential {
  /** As planned; undefined when the bottle brings its own credentials, or the agent needs none. */
  readonly credential: Plan['provider']['credential'];
  /** Routes that the provider owns. */
  readonly routes: readonly ManifestRoute[];
}

/**
 * Resolves the credential that a bottle chose among those of its provider.
 * @throws BottleError `manifest-invalid` for an unknown kind, a missing choice, or a variable of the bottle that would
 * make the agent use another credential.
 */
export function resolveCredential(
  provider: LoadedProvider,
  manifest: Manifest,
  files: FileVariables = {},
): ResolvedCredential {
  const { credential: chosen } = manifest.bottle.provider;
  if (chosen === undefined) {
    assertNoneNeeded(provider, manifest, files);
    return { credential: undefined, routes: [] };
  }
  const { kind, tokenRef } = chosen;
  const kinds = Object.keys(provider.credentials);
  const found = Object.hasOwn(provider.credentials, kind) ? provider.credentials[kind] : undefined;
  if (found === undefined) {
    throw invalid(manifest, `credential.kind is '${kind}', which \`${provider.template}\` does not know`, {
      hint:
        kinds.length === 0
          ? 'This provider knows no credentials; name the token as `auth` of a route.'
          : `Its kinds are: ${kinds.join(', ')}.`,
    });
  }
  const isSignIn = found.signIn !== undefined;
  if (isSignIn && tokenRef !== undefined) {
    throw invalid(manifest, `credential.token_ref is given, but '${kind}' is a sign-in of this host`, {
      hint: 'Remove `token_ref`.',
    });
  }
  if (!isSignIn && tokenRef === undefined) {
    throw invalid(manifest, `credential.token_ref is missing`, {
      hint: `Name the host variable that holds the ${kind}: \`token_ref: VARIABLE\`.`,
    });
  }
  assertOnlyCredential(provider, manifest, files, found.title);
  const variable = tokenRef ?? SIGN_IN_VARIABLE;
  const routes = found.routes.map((route) =>
    routeEntry.parse({ ...route, auth: { ...route.auth, token_ref: variable } }),
  );
  const hosts = [...new Set(routes.map(({ host }) => host))];
  return {
    credential: {
      kind,
      title: found.title,
      hosts,
      ...(tokenRef === undefined ? {} : { variable: tokenRef }),
    },
    routes,
  };
}

/** An agent without any credential would only ask for a sign-in that the bottle does not allow. */
function assertNoneNeeded(provider: LoadedProvider, manifest: Manifest, files: FileVariables): void {
  const kinds = Object.entries(provider.credentials);
  if (kinds.length === 0 || bringsItsOwn(provider, manifest, files)) return;
  const [example = '', { signIn } = { signIn: undefined }] = kinds[0] ?? [];
  const lines = kinds.map(([kind, { title }]) => `  ${kind}: ${title}`);
  const tokenRef = signIn === undefined ? ', token_ref: VARIABLE' : '';
  throw invalid(
    manifest,
    [`\`${provider.template}\` needs a credential, and the bottle names none`, ...lines].join('\n'),
    { hint: `Choose one, for example: \`credential: { kind: ${example}${tokenRef} }\`.` },
  );
}

/** Whether the bottle itself gives the agent a variable or a host a credential, as for a gateway of one’s own. */
function bringsItsOwn(provider: LoadedProvider, { bottle }: Manifest, files: FileVariables): boolean {
  const variables = { ...files, ...bottle.env };
  if (provider.credentialVariables.some((name) => Object.hasOwn(variables, name))) return true;
  const hosts = Object.values(provider.credentials).flatMap(({ routes }) => routes.map(({ host }) => host));
  return bottle.egress.routes.some(({ host, auth }) => auth !== undefined && hosts.includes(host));
}

/** Otherwise a subscription could turn into metered billing, and a real key could reach the guest. */
function assertOnlyCredential(
  provider: LoadedProvider,
  manifest: Manifest,
  files: FileVariables,
  title: string,
): void {
  const variables = { ...files, ...manifest.bottle.env };
  const name = provider.credentialVariables.find((variable) => Object.hasOwn(variables, variable));
  if (name === undefined) return;
  const file = files[name];
  const key = file === undefined ? `env.${name}` : name;
  const place = file === undefined ? placeOf(manifest, key) : ` (${shortPath(file)})`;
  throw new BottleError(
    'manifest-invalid',
    `${key}${place} would give the agent another credential than the chosen one (${title})`,
    { hint: `Remove ${key}, or choose the credential that it stands for.` },
  );
}

function invalid(manifest: Manifest, message: string, options: { hint: string }): BottleError {
  return new BottleError(
    'manifest-invalid',
    `agent_provider${placeOf(manifest, 'agent_provider')}: ${message}`,
    options,
  );
}
