import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Names the descriptor of each process that is given secrets, as JSON. Not a secret itself. */
export const SECRET_PIPES_ENV = 'BOT_BOTTLE_SECRET_PIPES';

const pipes = z.record(z.string(), z.int().min(3));
const values = z.record(z.string(), z.string());

export interface SecretPipes {
  /** For the environment of the process that starts the others. */
  readonly environment: Record<string, string>;
  /** What each pipe has to send, in the order of their descriptors. */
  readonly contents: readonly Uint8Array[];
}

/**
 * Prepares a pipe for each process that needs secrets: variables of `environment`, by the name of the process. Whatever
 * starts these processes, such as make, has none of them in its own environment.
 * @param first the first free descriptor
 */
export function secretPipes(
  needed: Readonly<Record<string, readonly string[]>>,
  first: number,
  environment: NodeJS.ProcessEnv = process.env,
): SecretPipes {
  const asked = Object.entries(needed).filter(([, names]) => names.length > 0);
  const places = asked.map(([process], index) => [process, first + index]);
  const contents = asked.map(([, names]) => {
    const found = names.flatMap((name) =>
      environment[name] === undefined ? [] : [[name, environment[name]]],
    );
    return Buffer.from(JSON.stringify(Object.fromEntries(found)));
  });
  return { environment: { [SECRET_PIPES_ENV]: JSON.stringify(Object.fromEntries(places)) }, contents };
}

/** Adds the secrets of this process to its environment. A process that was started by hand has them there already. */
export function takeSecrets(name: string, environment: NodeJS.ProcessEnv = process.env): void {
  const announced = environment[SECRET_PIPES_ENV];
  if (announced === undefined) return;
  delete environment[SECRET_PIPES_ENV];
  const descriptor = pipes.parse(JSON.parse(announced))[name];
  if (descriptor === undefined) return;
  Object.assign(environment, values.parse(JSON.parse(readFileSync(descriptor, 'utf8'))));
}
