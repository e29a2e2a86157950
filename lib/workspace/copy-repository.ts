import { PassThrough, Readable } from 'node:stream';
import { execa } from 'execa';
import { create } from 'tar';
import { BottleError } from '../errors.ts';
import { joinNames } from '../git/byte-names.ts';
import { gitCommand, gitError } from '../git/git.ts';
import { withoutCredentials } from '../git/remote-url.ts';
import type { Repository } from '../git/repository.ts';
import type { Bottle } from '../guest/bottle.ts';
import {
  CHECK_OUT,
  EXIT,
  finishScript,
  RECEIVE_FILES,
  RECEIVE_INDEX,
  RECEIVE_OBJECTS,
  SKIP_FILES,
} from './guest-commands.ts';
import type { Selection } from './select-files.ts';
import type { Identity } from './survey.ts';

/** What a copy needs of a bottle. */
export type CopyTarget = Pick<Bottle, 'slug' | 'execAsAgent' | 'pipeAsAgent'>;

export interface RepositoryCopy {
  readonly bottle: CopyTarget;
  readonly repository: Repository;
  readonly selection: Selection;
  /** Submodules that are copied too, as paths in the repository. */
  readonly submodules: readonly string[];
  /** Absolute path in the guest. */
  readonly directory: string;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** Called with each number of bytes that was sent. */
  onBytes(count: number): void;
}

/** The exit code of a command that a guest killed because it had just started. */
const KILLED = 137;

/**
 * Copies a repository into the guest: commits, branches, tags, index and files, streamed, without a copy on the
 * host's disk. Of the host's own settings only the names of remotes and the ignore patterns go along.
 * @returns the commit with exactly the files that are in the guest, and its tree; empty for a repository without files.
 * @throws BottleError `guest-failed`, `git-failed`
 */
export async function copyRepository(copy: RepositoryCopy): Promise<{ base: string; tree: string }> {
  const { bottle, repository, selection, directory } = copy;
  const { entries, checkedOut, sent } = selection;
  const run = (script: string, makeInput: () => Input, ...more: string[]) =>
    send(copy, ['/bin/sh', '-c', script, 'sh', directory, ...more], makeInput);
  await run(RECEIVE_OBJECTS, () => objectsOf(copy), repository.objectFormat);
  const listed = entries.map(({ mode, oid, stage, name }) => `${mode} ${oid} ${stage}\t${name}`);
  await run(RECEIVE_INDEX, () => ofBytes(joinNames(listed)));
  const skipped = entries.filter(({ isSkipped }) => isSkipped).map(({ name }) => name);
  if (skipped.length > 0) await run(SKIP_FILES, () => ofBytes(joinNames(skipped)));
  await run(CHECK_OUT, () => ofBytes(joinNames(attributesFirst(checkedOut))));
  if (sent.length > 0) await run(RECEIVE_FILES, () => ({ stream: archiveOf(repository.root, sent) }));
  const finished = await bottle.execAsAgent(['/bin/sh', '-s'], { input: finishScript(finishing(copy)) });
  const [, base, tree] = /^snapshot ([0-9a-f]*) ([0-9a-f]+)$/m.exec(finished.stdout) ?? [];
  if (finished.exitCode === 0 && base !== undefined && tree !== undefined) return { base, tree };
  throw failed(directory, finished);
}

function finishing({ bottle, repository, directory, submodules, identity }: RepositoryCopy) {
  const remotes = repository.remotes.map(({ name, url }) => ({ name, url: withoutCredentials(url) }));
  return { ...repository, remotes, directory, submodules, identity, slug: bottle.slug };
}

interface Input {
  readonly stream: Readable;
  /** Throws when the input could not be made whole. */
  assertWhole?(): Promise<void>;
}

const ofBytes = (bytes: Buffer): Input => ({ stream: Readable.from([bytes]) });

/** Packs all that the copied refs, HEAD and the index reach. */
function objectsOf({ repository, selection, signal }: RepositoryCopy): Input {
  const { root, head, refs } = repository;
  const wanted = [...(head === undefined ? [] : [head]), ...refs.map(({ oid }) => oid)];
  const args = ['pack-objects', '--quiet', '--revs', '--delta-base-offset', '--stdout'];
  const command = gitCommand(root, args);
  const packing = execa(command.program, command.args, {
    ...{ env: command.env, extendEnv: false, reject: false, cancelSignal: signal },
    buffer: { stdout: false },
    input: [...new Set([...wanted, ...selection.staged])].map((oid) => `${oid}\n`).join(''),
  });
  return {
    stream: packing.stdout,
    async assertWhole() {
      const { exitCode = 1, stderr } = await packing;
      if (exitCode !== 0) throw gitError(root, args, { exitCode, stderr });
    },
  };
}

/** Git reads attributes from files that are there already. */
function attributesFirst(names: readonly string[]): string[] {
  const isAttributes = (name: string) => /(?:^|\/)\.gitattributes$/.test(name);
  return [...names.filter(isAttributes), ...names.filter((name) => !isAttributes(name))];
}

export function archiveOf(root: string, paths: readonly string[]): Readable {
  const options = { cwd: root, portable: true, noDirRecurse: true, follow: false };
  // With `./`, a name is never an option of the archiver.
  return Readable.from(
    create(
      options,
      paths.map((path) => `./${path}`),
    ),
  );
}

/** Runs a command in the guest with this input; once more when the guest killed it because it had just started. */
export async function send(
  { bottle, directory, signal, onBytes }: Pick<RepositoryCopy, 'bottle' | 'directory' | 'signal' | 'onBytes'>,
  command: readonly string[],
  makeInput: () => Input,
): Promise<void> {
  const attempt = async () => {
    const { stream, assertWhole } = makeInput();
    const counted = new PassThrough();
    stream.on('data', (chunk: Buffer) => onBytes(chunk.length));
    stream.on('error', (error) => counted.destroy(error));
    stream.pipe(counted);
    const result = await bottle.pipeAsAgent(command, { input: counted, signal });
    signal.throwIfAborted();
    if (result.exitCode !== KILLED) await assertWhole?.();
    return result;
  };
  let result = await attempt();
  if (result.exitCode === KILLED) result = await attempt();
  if (result.exitCode !== 0) throw failed(directory, result);
}

function failed(directory: string, { exitCode, stderr }: { exitCode: number; stderr: string }): BottleError {
  if (exitCode === EXIT.noGit || exitCode === EXIT.noTar) {
    const program = exitCode === EXIT.noGit ? 'git' : 'tar';
    return new BottleError('guest-failed', `the agent’s image has no \`${program}\`, which a copy needs`, {
      hint: `Install ${program} in the agent’s Dockerfile, or launch without a copy: CWD=0.`,
    });
  }
  if (exitCode === EXIT.notEmpty) {
    return new BottleError('guest-failed', `${directory} exists in the agent’s image, and is not empty`, {
      hint: 'Remove it from the image, or launch without a copy: CWD=0.',
    });
  }
  const said = stderr.trim().split('\n').slice(-5).join('\n') || 'no output';
  return new BottleError(
    'guest-failed',
    `copying to ${directory} failed in the guest (exit ${exitCode}): ${said}`,
  );
}
