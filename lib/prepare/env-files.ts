import { BottleError } from '../errors.ts';
import { readDotenvFile } from '../host/dotenv-file.ts';
import { shortPath } from '../host/short-path.ts';
import { guestVariableName } from '../manifest/schema/variable-name.ts';
import type { Manifest } from '../manifest/types.ts';
import { writtenPath } from '../manifest/written-path.ts';
import { placeOf } from './manifest-place.ts';
import type { Problems } from './problems.ts';

/** Variable of the agent -> absolute path of the host file that sets it. */
export type FileVariables = Readonly<Record<string, string>>;

/**
 * Returns the names that the bottle's env files set, then the one that is given at launch, and records problems with them.
 * Later files win, and the bottle's `env` wins over all. Values are read again by the phase that needs them.
 */
export async function fileVariables(
  manifest: Manifest,
  { cwd, envFile }: { cwd: string; envFile?: string | undefined },
  problems: Problems,
): Promise<FileVariables> {
  const origin = manifest.origins.env_file;
  const files = manifest.bottle.envFiles.map((written) => ({
    file: writtenPath(written, origin, { cwd }),
    from: `env_file${placeOf(manifest, 'env_file')}`,
  }));
  if (envFile) files.push({ file: writtenPath(envFile, undefined, { cwd }), from: 'ENV_FILE' });
  const variables: Record<string, string> = {};
  for (const { file, from } of files) {
    const names = (await problems.attempt(() => namesIn(file, from))) ?? [];
    for (const name of names) {
      const refused = refusal(name);
      if (refused === undefined) variables[name] = file;
      else problems.add(unusable(`${shortPath(file)}: ${name} ${refused.message}`, refused.remedy));
    }
  }
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !Object.hasOwn(manifest.bottle.env, name)),
  );
}

async function namesIn(file: string, from: string): Promise<string[]> {
  try {
    return Object.keys(await readDotenvFile(file));
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    throw unusable(`${from}: ${error.message}`, error.hint);
  }
}

function refusal(name: string): { message: string; remedy: string } | undefined {
  const [issue] = guestVariableName.safeParse(name).error?.issues ?? [];
  if (issue === undefined) return undefined;
  return { message: issue.message, remedy: String('params' in issue ? issue.params?.remedy : '') };
}

function unusable(message: string, hint: string | undefined): BottleError {
  return new BottleError('env-file-unusable', message, hint === undefined ? {} : { hint });
}
