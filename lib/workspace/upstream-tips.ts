import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of a file of refs. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REFS = 20_000;
const ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * Returns the commits and tags at which the upstreams of a gate have branches and tags, by the files of its mirrors in
 * `directory`. The bundle writes these, so no git runs there, whose configuration could name programs.
 */
export async function upstreamTips(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const mirrors = names.filter((name) => name.endsWith('.git')).map((name) => join(directory, name));
  const tips = await Promise.all(mirrors.map(tipsOf));
  return [...new Set(tips.flat())];
}

async function tipsOf(mirror: string): Promise<string[]> {
  const packed = (await textOf(join(mirror, 'packed-refs')))
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  const loose: string[] = [];
  for (const folder of ['heads', 'tags']) loose.push(...(await looseIds(join(mirror, 'refs', folder))));
  return [...packed, ...loose].filter((id) => ID.test(id)).slice(0, MAX_REFS);
}

async function looseIds(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const ids: string[] = [];
  for (const entry of entries.slice(0, MAX_REFS)) {
    const path = join(directory, entry.name);
    // Links are neither.
    if (entry.isDirectory()) ids.push(...(await looseIds(path)));
    else if (entry.isFile()) ids.push((await textOf(path)).trim());
  }
  return ids;
}

/** The content of a plain file; empty for anything else. */
async function textOf(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return '';
  try {
    const found = await file.stat();
    return found.isFile() && found.size <= MAX_BYTES ? await file.readFile('latin1') : '';
  } finally {
    await file.close();
  }
}
