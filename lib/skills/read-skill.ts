import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';
import { shortPath } from '../host/short-path.ts';
import { splitFrontmatter } from '../manifest/reading/frontmatter.ts';
import { readSource } from '../manifest/reading/source-file.ts';
import { parseYaml } from '../manifest/reading/yaml-tree.ts';

/** Limits of one skill: it is sent to the guest in one script. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 1000;

/** Agents find a skill by its description, and leave out one without. https://agentskills.io/specification */
const header = z.looseObject({ description: z.string().trim().min(1) });

export interface SkillFile {
  /** Relative to the skill's directory, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly isExecutable: boolean;
}

/**
 * Reads a skill's directory. Links inside it are followed as far as they stay inside; the directory itself may be
 * a link.
 * @throws BottleError `skill-unusable`, naming the file or link at fault.
 */
export async function readSkill(directory: string): Promise<SkillFile[]> {
  const root = await realpath(directory);
  const reader = { root, directory, bytes: 0, files: [] as SkillFile[] };
  await readFolder(reader, root, []);
  await checkHeader(reader);
  return reader.files;
}

interface Reader {
  /** Resolved, and as the operator knows it. */
  readonly root: string;
  readonly directory: string;
  bytes: number;
  readonly files: SkillFile[];
}

/** `above` are the resolved folders that led here, since a link may lead to one of them. */
async function readFolder(reader: Reader, folder: string, above: readonly string[]): Promise<void> {
  const entries = await readdir(folder);
  for (const name of entries.toSorted()) {
    const file = join(folder, name);
    const real = await realpath(file).catch(() => undefined);
    if (real === undefined) throw unusable(reader, file, 'is a link that leads nowhere');
    if (real !== reader.root && !real.startsWith(reader.root + sep)) {
      throw unusable(reader, file, 'is a link that leads outside the skill');
    }
    const found = await stat(real);
    if (found.isDirectory()) {
      if ([...above, folder].includes(real)) throw unusable(reader, file, 'is a link to a folder above it');
      // The path that the skill uses, not the one that the link leads to.
      await readFolder(reader, file, [...above, folder, real]);
    } else if (found.isFile()) {
      await addFile(reader, file, (found.mode & 0o100) !== 0);
    } else throw unusable(reader, file, 'is neither a file nor a folder');
  }
}

async function addFile(reader: Reader, file: string, isExecutable: boolean): Promise<void> {
  if (reader.files.length === MAX_FILES) {
    throw unusable(reader, reader.root, `has more than ${MAX_FILES} files`);
  }
  const content = await readAtMost(file, MAX_BYTES - reader.bytes).catch((error: unknown) => {
    throw unusable(reader, file, `cannot be read: ${messageOf(error)}`);
  });
  if (content === undefined)
    throw unusable(reader, reader.root, `is larger than ${MAX_BYTES / 1024 ** 2} MiB`);
  reader.bytes += content.length;
  const path = relative(reader.root, file).split(sep).join('/');
  reader.files.push({ path, content, isExecutable });
}

/** Undefined when the file is larger. Does not wait for what took its place meanwhile, such as a pipe. */
async function readAtMost(file: string, bytes: number): Promise<Buffer | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if ((await handle.stat()).size > bytes) return undefined;
    const content = await handle.readFile();
    return content.length > bytes ? undefined : content;
  } finally {
    await handle.close();
  }
}

async function checkHeader(reader: Reader): Promise<void> {
  const file = join(reader.root, 'SKILL.md');
  if (!reader.files.some(({ path }) => path === 'SKILL.md')) {
    throw unusable(reader, file, 'does not exist');
  }
  const source = await readSource(file);
  const { yaml } = splitFrontmatter(source);
  if (!header.safeParse(parseYaml(source, yaml).data).success) {
    throw unusable(reader, file, 'has no `description` in its frontmatter');
  }
}

function unusable({ root, directory }: Reader, file: string, reason: string): BottleError {
  const shown = shortPath(join(directory, relative(root, file)));
  return new BottleError('skill-unusable', `the skill file ${shown} ${reason}`, {
    hint: 'Correct the skill, or remove it from the agent’s `skills`.',
  });
}
