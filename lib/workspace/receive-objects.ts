import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { execa } from 'execa';
import { BottleError } from '../errors.ts';
import { bottleRefs } from '../git/bottle-refs.ts';
import { git, gitCommand, tryGit } from '../git/git.ts';
import { gitPath, readRefs } from '../git/repository.ts';
import { sizeText } from '../host/size.ts';
import type { FetchRequest } from './fetch-request.ts';
import { packScript } from './guest-commands.ts';

/** Milliseconds for one pack. */
const TIMEOUT_MS = 60 * 60_000;

/**
 * Transfers objects from the guest's repository into the host's. They first go into a repository of their own below
 * `quarantine`, where git checks each one; the host's own gets only what is sound and complete.
 * @throws BottleError `guest-failed`, `work-refused`, `git-failed`
 */
export async function receiveObjects(
  request: FetchRequest,
  wanted: readonly string[],
  quarantine: string,
): Promise<void> {
  const { root, objectFormat, signal } = request;
  await git(root, [
    'init',
    '--quiet',
    '--bare',
    '--template=',
    `--object-format=${objectFormat}`,
    quarantine,
  ]);
  // What the host has already need not come again.
  await writeFile(join(quarantine, 'objects', 'info', 'alternates'), `${await gitPath(root, 'objects')}\n`);
  await receivePack(request, wanted, quarantine);
  const arrived = await presentObjects(quarantine, wanted);
  const options = [
    ...['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules'],
    ...['--no-show-forced-updates', '--stdin'],
  ];
  const checks = [
    '-c',
    'fetch.fsckObjects=true',
    '-c',
    'protocol.file.allow=always',
    '-c',
    'protocol.version=2',
  ];
  const input = arrived.map((oid) => `${oid}\n`).join('');
  if (arrived.length === 0) return;
  const fetched = await tryGit(root, [...checks, 'fetch', ...options, quarantine], { input, signal });
  if (fetched.exitCode !== 0) throw refused(fetched.stderr);
}

/** Returns which of the objects the repository has. */
export async function presentObjects(root: string, oids: readonly string[]): Promise<string[]> {
  const input = oids.map((oid) => `${oid}\n`).join('');
  const listed = await git(root, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input });
  return listed
    .split('\n')
    .flatMap((line) => (/ (?:commit|tag|tree|blob)$/.test(line) ? (line.split(' ')[0] ?? []) : []));
}

async function receivePack(
  request: FetchRequest,
  wanted: readonly string[],
  quarantine: string,
): Promise<void> {
  const { bottle, root, directory, maxBytes, signal, onBytes } = request;
  const have = await readRefs(root, ['refs/heads', 'refs/tags', bottleRefs(bottle.slug)]);
  const script = packScript(directory, wanted, [...new Set(have.map(({ oid }) => oid))]);
  const args = ['index-pack', '--stdin', '--fix-thin', '--strict', `--max-input-size=${maxBytes}`];
  const command = gitCommand(quarantine, args);
  const indexing = execa(command.program, command.args, {
    ...{ env: command.env, extendEnv: false, reject: false, cancelSignal: signal },
  });
  const stop = new AbortController();
  const counted = new PassThrough();
  counted.on('data', (chunk: Buffer) => onBytes(chunk.length));
  // git may stop reading; what it says then is the reason.
  indexing.stdin.on('error', () => {});
  // The guest must not wait for a reader then.
  indexing.stdin.on('unpipe', () => counted.resume());
  counted.pipe(indexing.stdin);
  const ended = indexing.then((result) => {
    stop.abort();
    return result;
  });
  const sent = await bottle.pipeAsAgent(['/bin/sh', '-c', script], {
    output: counted,
    signal: AbortSignal.any([signal, stop.signal]),
    timeoutMs: TIMEOUT_MS,
  });
  counted.end();
  const { exitCode, stderr } = await ended;
  signal.throwIfAborted();
  if (exitCode === 0) return;
  if (/exceeds maximum allowed size/.test(stderr)) {
    throw new BottleError('work-refused', `the work in ${directory} has more than ${sizeText(maxBytes)}`, {
      hint: 'If that is right, fetch it with FETCH_MAX_SIZE=…',
    });
  }
  if (sent.exitCode !== 0 && /early EOF|fatal: (?:read|pack)/.test(stderr)) {
    throw new BottleError(
      'guest-failed',
      `the work in ${directory} was not sent whole: ${lastLines(sent.stderr)}`,
      {
        hint: `While the guest lives, nothing is lost; try again: make fetch BOTTLE=${bottle.slug}`,
      },
    );
  }
  throw refused(stderr);
}

function refused(stderr: string): BottleError {
  return new BottleError('work-refused', `git refuses what the guest sent: ${lastLines(stderr)}`, {
    hint: 'Nothing of it is in your repository. Look at the work in the guest: make shell BOTTLE=…',
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join('\n') || 'no output';
}
