import { z } from 'zod';
import { BottleError } from '../errors.ts';
import type { CopyTarget } from './copy-repository.ts';
import { reportScript } from './guest-commands.ts';

const oid = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** What a repository in a guest has. Everything in it is the guest's word, but well formed. */
export interface Report {
  /** A commit with the files as they are: HEAD's when nothing is uncommitted; undefined without commit and file. */
  readonly snapshot: string | undefined;
  /** Its tree. */
  readonly tree: string;
  readonly head: string | undefined;
  /** Short name of the branch; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** Name below `refs/` -> commit, or tag. */
  readonly refs: ReadonlyMap<string, string>;
  /** What git said about files that it could not take, and names of refs that are refused; at most a few lines. */
  readonly warnings: readonly string[];
}

/** More would hardly be read by anybody. */
const MAX_REFS = 5000;
const MAX_NAME_BYTES = 200;
const MAX_WARNINGS = 10;

/** Milliseconds. Hashing the files of a large repository takes its time. */
const TIMEOUT_MS = 10 * 60_000;

/** Has the guest commit what is uncommitted, aside, and list its refs. @throws BottleError `guest-failed`, `work-refused` */
export async function readReport(
  bottle: CopyTarget,
  directory: string,
  signal: AbortSignal,
): Promise<Report> {
  const input = reportScript(directory, bottle.slug);
  const { exitCode, stdout, stderr } = await bottle.execAsAgent(['/bin/sh', '-s'], {
    ...{ input, signal, timeoutMs: TIMEOUT_MS },
  });
  signal.throwIfAborted();
  if (exitCode !== 0) {
    const said = stderr.trim().split('\n').slice(-3).join('\n');
    throw new BottleError(
      'guest-failed',
      exitCode === 3
        ? `${directory} in the guest is no git repository any more`
        : `the work in ${directory} cannot be read (exit ${exitCode}): ${said || 'no output'}`,
      {
        hint: `Look at it: make shell BOTTLE=${bottle.slug}. Copy it: make cp BOTTLE=${bottle.slug} FROM=guest:${directory} TO=…`,
      },
    );
  }
  return parseReport(stdout, stderr);
}

/** @throws BottleError `work-refused` for what is not a report. */
export function parseReport(stdout: string, stderr = ''): Report {
  const values = new Map<string, string>();
  const refs = new Map<string, string>();
  const warnings = stderr.split('\n').filter((line) => /^(?:error|warning|fatal): /.test(line));
  const lines = stdout.split('\n');
  for (const line of lines) {
    const [, key = '', value = ''] = /^(snapshot|head|branch|ref|end)(?: (.*))?$/.exec(line) ?? [];
    if (key !== 'ref') {
      if (key !== '') values.set(key, value);
      continue;
    }
    const [id = '', name = ''] = [value.slice(0, value.indexOf(' ')), value.slice(value.indexOf(' ') + 1)];
    if (!oid.safeParse(id).success || !isAcceptedRef(name))
      warnings.push(`the ref '${name.slice(0, 80)}' is refused`);
    else refs.set(name.slice('refs/'.length), id);
  }
  const [commit = '', tree = ''] = (values.get('snapshot') ?? '').split(' ');
  const headText = values.get('head') ?? '';
  const [snapshot, head] = [commit, headText].map((text) => oid.safeParse(text).data);
  const isComplete =
    values.has('end') &&
    (snapshot !== undefined || commit === '') &&
    (head !== undefined || headText === '') &&
    oid.safeParse(tree).success;
  if (!isComplete) throw new BottleError('work-refused', 'the guest’s report of its work is not understood');
  if (refs.size > MAX_REFS) {
    throw new BottleError(
      'work-refused',
      `the guest has ${refs.size} branches and tags, more than ${MAX_REFS}`,
      {
        hint: 'Delete some in the guest: make shell BOTTLE=…',
      },
    );
  }
  const branch = values.get('branch')?.replace(/^refs\/heads\//, '');
  return {
    snapshot,
    tree,
    head,
    branch: branch || undefined,
    refs,
    warnings: warnings.slice(0, MAX_WARNINGS),
  };
}

/** git-check-ref-format(1), and shorter than a file name may be. */
export function isAcceptedRef(name: string): boolean {
  if (!/^refs\/(?:heads\/.|tags\/.|stash$)/.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES)
    return false;
  if (/[\p{Cc}\p{Cf}\s~^:?*[\\\ufffd]|\.\.|@\{|\/\/|\/$|\.$/u.test(name)) return false;
  return name
    .split('/')
    .every((part) => !part.startsWith('.') && !part.startsWith('-') && !part.endsWith('.lock'));
}
