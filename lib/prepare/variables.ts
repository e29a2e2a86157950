import { BottleError } from '../errors.ts';
import { REPLACEMENT_CHARACTER } from '../host/environment.ts';
import type { Manifest } from '../manifest/types.ts';
import { promptedVariable } from '../plan/prompted.ts';
import { placeOf } from './manifest-place.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns a problem for each variable that the bottle needs and this environment lacks. Names only, no
 * values.
 */
export function variableProblems(
  manifest: Manifest,
  { environment, hasTerminal }: { environment: Environment; hasTerminal: boolean },
): BottleError[] {
  return [
    ...[...hostVariables(manifest)].flatMap(([variable, users]) => hostProblem(variable, users, environment)),
    ...promptProblems(manifest, environment, hasTerminal),
  ];
}

/** Returns host variable -> what needs it, in the order of the manifest. */
function hostVariables(manifest: Manifest): Map<string, string[]> {
  const users = new Map<string, string[]>();
  const need = (variable: string, key: string, what = key) => {
    users.set(variable, [...(users.get(variable) ?? []), `${what}${placeOf(manifest, key)}`]);
  };
  const { env, egress, gitGate, provider } = manifest.bottle;
  for (const [name, value] of Object.entries(env)) {
    if (value.kind === 'host') need(value.variable, `env.${name}`);
  }
  for (const [index, { host, auth }] of egress.routes.entries()) {
    if (auth !== undefined) need(auth.tokenRef, `egress.routes[${index}]`, `the route to ${host}`);
  }
  for (const { name, key } of gitGate.repos) {
    if (key.kind !== 'static') need(key.tokenVariable, `git-gate.repos.${name}`);
  }
  const tokenRef = provider.credential?.tokenRef;
  if (tokenRef !== undefined) need(tokenRef, 'agent_provider');
  return users;
}

function hostProblem(variable: string, users: readonly string[], environment: Environment): BottleError[] {
  const value = environment[variable];
  const needed = `${users.join(' and ')} ${users.length === 1 ? 'needs' : 'need'} it`;
  // An empty token would be injected as an empty credential, so it counts as missing.
  if (value === undefined || value === '') {
    const state = value === '' ? 'empty' : 'not set';
    return [
      new BottleError('variable-missing', `the host variable ${variable} is ${state}: ${needed}`, {
        hint: `Export ${variable} in this shell, then try again.`,
      }),
    ];
  }
  return value.includes(REPLACEMENT_CHARACTER) ? [notText(variable, needed)] : [];
}

function notText(variable: string, needed: string): BottleError {
  return new BottleError(
    'variable-missing',
    `the host variable ${variable} contains bytes that are not UTF-8 text: ${needed}`,
    { hint: `Encode the value of ${variable} (with base64, for example), and decode it in the bottle.` },
  );
}

function promptProblems(manifest: Manifest, environment: Environment, hasTerminal: boolean): BottleError[] {
  const asked = Object.entries(manifest.bottle.env).filter(([, { kind }]) => kind === 'prompt');
  return asked.flatMap(([name]) => {
    const variable = promptedVariable(name);
    const place = placeOf(manifest, `env.${name}`);
    const given = environment[variable];
    if (given?.includes(REPLACEMENT_CHARACTER)) return [notText(variable, `env.${name}${place} needs it`)];
    if (given || hasTerminal) return [];
    return [
      new BottleError(
        'variable-missing',
        `env.${name}${place} is asked for at launch, but there is no terminal`,
        {
          hint: `Launch from a terminal, or export the answer as ${variable}.`,
        },
      ),
    ];
  });
}
