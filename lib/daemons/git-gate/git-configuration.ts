import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { GateLimits } from '../contract/git-gate/repos.ts';

const HOOKS = ['pre-receive', 'proc-receive'] as const;

/**
 * What old histories have and every git reads all the same. It would keep such a history from ever being pushed to a
 * new upstream.
 */
const HARMLESS_FAULTS = ['zeroPaddedFilemode', 'zeroPaddedDate', 'badTimezone', 'missingSpaceBeforeDate'];

/**
 * Writes the one configuration of all mirrors, `config`, and the directory of their hooks, into `directory`.
 * @returns the path of the configuration.
 */
export async function writeGitConfiguration(directory: string, limits: GateLimits): Promise<string> {
  const hooks = join(directory, 'hooks');
  await mkdir(hooks, { recursive: true, mode: 0o700 });
  for (const name of HOOKS) {
    // The directory may be one where nothing can be executed: hooks are links to programs elsewhere.
    const program = join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
    await rm(join(hooks, name), { force: true });
    await symlink(program, join(hooks, name));
  }
  const path = join(directory, 'config');
  await writeFile(`${path}.new`, configurationText(hooks, limits), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return path;
}

function configurationText(hooks: string, limits: GateLimits): string {
  return `[core]
	hooksPath = ${quoted(hooks)}
	# Larger files are streamed instead of held in memory.
	bigFileThreshold = 50m
[receive]
	procReceiveRefs = refs/
	advertisePushOptions = true
	denyDeleteCurrent = ignore
	maxInputSize = ${limits.maxPackBytes}
	autogc = false
	fsckObjects = true
${HARMLESS_FAULTS.map((fault) => `[receive "fsck"]\n\t${fault} = warn\n`).join('')}[uploadpack]
	allowFilter = true
[http]
	receivepack = true
	getanyfile = false
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	threads = 1
[protocol]
	allow = never
[safe]
	# Mirrors lie in a mount, whose owner some engines make up.
	directory = *
`;
}

function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}
