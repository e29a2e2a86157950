import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { bottleDirectory, bottlePaths } from '../../bottle/paths.ts';
import { findContainer } from '../../docker/container.ts';
import { BottleError } from '../../errors.ts';
import { childEnvironment } from '../../host/child-environment.ts';
import { bundleName } from '../../plan/names.ts';

/** A line that a daemon wrote, with its stream. */
export interface DaemonLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/**
 * Yields the log of a bottle's bundle: live from the engine while the bundle exists, else the log that
 * teardown kept, as `stdout`.
 * @throws BottleError `state-missing` when there is neither.
 */
export async function* daemonLog(
  slug: string,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<DaemonLine> {
  const container = bundleName(slug);
  bottleDirectory(slug);
  if ((await findContainer(container)) !== undefined) {
    yield* liveLog(container, follow, signal);
    return;
  }
  const directory = bottlePaths.logs(slug);
  const names = (await readdir(directory).catch(() => [])).toSorted();
  if (names.length === 0) {
    throw new BottleError('state-missing', `the bottle ${slug} has no log`, {
      hint: '`make status` lists bottles.',
    });
  }
  for (const name of names) yield { stream: 'stdout', text: await readFile(join(directory, name), 'utf8') };
}

async function* liveLog(container: string, follow: boolean, signal: AbortSignal): AsyncGenerator<DaemonLine> {
  const args = ['logs', ...(follow ? ['--follow'] : []), container];
  const log = execa('docker', args, {
    ...{ reject: false, stdin: 'ignore', buffer: false, cancelSignal: signal },
    ...{ env: childEnvironment('docker'), extendEnv: false },
  });
  const queue = new TransformStream<DaemonLine, DaemonLine>(undefined, { highWaterMark: 64 });
  const writer = queue.writable.getWriter();
  const copy = async (stream: DaemonLine['stream']) => {
    for await (const text of log.iterable({ from: stream }))
      await writer.write({ stream, text: String(text) });
  };
  const copied = Promise.allSettled([copy('stdout'), copy('stderr')]).then(() => writer.close());
  copied.catch(() => {});
  try {
    yield* queue.readable;
    await log;
  } finally {
    log.kill();
  }
}
