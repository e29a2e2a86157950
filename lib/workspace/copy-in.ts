import { posix } from 'node:path';
import { z } from 'zod';
import type { Bottle } from '../guest/bottle.ts';
import { sizeText } from '../host/size.ts';
import type { PlanWorkspace } from '../plan/workspace.ts';
import { archiveOf, type CopyTarget, copyRepository, send } from './copy-repository.ts';
import { surveyFolder } from './folder.ts';
import { RECEIVE_FILES } from './guest-commands.ts';
import { type Identity, objectBytes, readIdentity, surveyRepositories } from './survey.ts';

/** What went into a bottle. */
export const copiedWorkspace = z.strictObject({
  kind: z.enum(['none', 'repository', 'folder']),
  /** On the host; empty for none. */
  root: z.string(),
  /** In the guest; empty for none. */
  directory: z.string(),
  repositories: z.array(
    z.strictObject({
      /** Relative to `root`; empty for the outermost repository. */
      path: z.string(),
      objectFormat: z.enum(['sha1', 'sha256']),
      /** The commit with exactly the files that went in; empty for a repository without files. */
      base: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})?$/),
      /** Its tree. */
      tree: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
    }),
  ),
  bytes: z.number().int().nonnegative(),
  leftOut: z.array(z.string()),
});
export type CopiedWorkspace = z.infer<typeof copiedWorkspace>;

export const NO_WORKSPACE: CopiedWorkspace = {
  ...{ kind: 'none', root: '', directory: '', repositories: [], bytes: 0, leftOut: [] },
};

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** The author that the bottle names for the agent's commits; what it leaves out is the operator's own. */
  readonly author?: { readonly [Key in keyof Identity]?: Identity[Key] | undefined } | undefined;
  say(line: string): void;
}

/** Milliseconds between lines about the progress. */
const SAY_EVERY_MS = 3000;

/** Copies the planned directory into the guest, at `bottle.agent.directory`. @throws BottleError */
export async function copyIn(
  bottle: CopyTarget & Pick<Bottle, 'agent'>,
  workspace: PlanWorkspace,
  options: CopyOptions,
): Promise<CopiedWorkspace> {
  const { directory } = bottle.agent;
  const { root, takeSecrets, kind } = workspace;
  const progress = new Progress(options.say);
  const target = { bottle, directory, signal: options.signal, onBytes: progress.add };
  if (kind === 'folder') {
    const folder = await surveyFolder(root, takeSecrets);
    progress.expect(folder.bytes);
    await send(target, ['/bin/sh', '-c', RECEIVE_FILES, 'sh', directory], () => ({
      stream: archiveOf(root, folder.paths),
    }));
    const leftOut = folder.leftOut.map(({ path }) => path);
    return { kind, root, directory, repositories: [], bytes: progress.bytes, leftOut };
  }
  const surveyed = await surveyRepositories(root, takeSecrets);
  const sizes = await Promise.all(surveyed.map(({ repository }) => objectBytes(repository.root)));
  progress.expect(sizes.reduce((sum, size) => sum + size, 0));
  const own = await readIdentity(root);
  const { name = own.name, email = own.email } = options.author ?? {};
  const identity = { name, email };
  const repositories: CopiedWorkspace['repositories'] = [];
  for (const { path, repository, selection, submodules } of surveyed) {
    const place = posix.join(directory, path);
    const copy = { ...target, directory: place, repository, selection, submodules, identity };
    repositories.push({ path, objectFormat: repository.objectFormat, ...(await copyRepository(copy)) });
  }
  const leftOut = surveyed.flatMap(({ path, selection }) =>
    selection.leftOut.map((one) => posix.join(path, one.path)),
  );
  return { kind, root, directory, repositories, bytes: progress.bytes, leftOut };
}

class Progress {
  bytes = 0;
  #expected = 0;
  #next = performance.now() + SAY_EVERY_MS;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Bytes that are probably sent. */
  expect(bytes: number): void {
    this.#expected = bytes;
  }

  readonly add = (count: number): void => {
    this.bytes += count;
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + SAY_EVERY_MS;
    const of = this.#expected > this.bytes ? ` of about ${sizeText(this.#expected)}` : '';
    this.#say(`${sizeText(this.bytes)}${of} copied`);
  };
}
