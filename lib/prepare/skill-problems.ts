import { BottleError } from '../errors.ts';
import { shortPath } from '../host/short-path.ts';
import type { Manifest } from '../manifest/types.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';
import { findSkill, skillFolders } from '../skills/find-skill.ts';
import { readSkill } from '../skills/read-skill.ts';
import { placeOf } from './manifest-place.ts';

/** Returns a problem for each skill that is not there, or that cannot be given to the agent. */
export async function skillProblems(
  manifest: Manifest,
  provider: LoadedProvider | undefined,
): Promise<BottleError[]> {
  const { skills } = manifest.agent;
  if (skills.length === 0) return [];
  if (provider !== undefined && provider.skills === undefined) {
    return [
      new BottleError(
        'manifest-invalid',
        `skills${placeOf(manifest, 'skills')}: agents of \`${provider.template}\` have no place for skills`,
        { hint: 'Remove `skills`, or copy them in the Dockerfile.' },
      ),
    ];
  }
  const found = await Promise.all(skills.map(findSkill));
  const missing = skills.filter((_, index) => found[index] === undefined);
  const unusable = await Promise.all(
    found.filter((directory) => directory !== undefined).map((directory) => problemOf(directory)),
  );
  return [...(missing.length === 0 ? [] : [missingSkills(missing, manifest)]), ...unusable.flat()];
}

async function problemOf(directory: string): Promise<BottleError[]> {
  return readSkill(directory).then(
    () => [],
    (error: unknown) => {
      if (error instanceof BottleError) return [error];
      throw error;
    },
  );
}

function missingSkills(missing: readonly string[], manifest: Manifest): BottleError {
  const names = missing.map((name) => `\`${name}\``).join(', ');
  const many = missing.length > 1;
  const folders = skillFolders().map((path) => shortPath(path));
  return new BottleError(
    'skill-missing',
    `the skill${many ? 's' : ''} ${names}${placeOf(manifest, 'skills')} ${many ? 'are' : 'is'} not installed on this host`,
    { hint: `Put a directory with that name into ${folders.join(' or ')}.` },
  );
}
