import { constants } from 'node:fs';
import { copyFile, link, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bottleDirectory } from '../bottle/paths.ts';
import { writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';
import { agentSchema } from './agent.ts';

/** What a freeze has made of a bottle's guest, from which the bottle can boot again. */
export const committedSchema = z.strictObject({
  version: z.literal(1),
  /** UTC, ISO 8601. */
  at: z.iso.datetime(),
  /** `artifact`: for `machine create --from`; `archive`: for `--image`. */
  kind: z.enum(['artifact', 'archive']),
  /** The file's name in the bottle's directory. */
  file: z.string().regex(/^committed-smolmachine[\w.-]*$/),
  bytes: z.number().int().positive(),
  /** Bytes of the guest's files, for the estimate of the next freeze. */
  layerBytes: z.number().int().positive(),
  /** `bot-bottle-committed-<slug>:latest`, and the digest of the image's configuration. */
  image: z.strictObject({ reference: z.string(), id: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
  /** The agent's image from which the bottle was launched. */
  origin: z.strictObject({ reference: z.string(), id: z.string() }),
  /** How that image is run. */
  settings: z.strictObject({
    User: z.string(),
    WorkingDir: z.string(),
    Env: z.array(z.string()),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
  }),
  agent: agentSchema,
  /** The guest tool in the snapshot, see `toolReference`. */
  tool: z.string(),
  /** smolvm's version. */
  smolvm: z.tuple([z.number(), z.number(), z.number()]),
});
export type Committed = z.infer<typeof committedSchema>;

const FILE = 'committed.json';

/** Returns what the last freeze of a bottle has made; undefined without one. @throws BottleError `state-corrupt` */
export async function readCommitted(slug: string): Promise<Committed | undefined> {
  return readJson(join(bottleDirectory(slug), FILE), committedSchema);
}

/** Makes a freeze the bottle's last one. Its files must be whole. */
export async function writeCommitted(slug: string, committed: Committed): Promise<void> {
  await writeAtomically(join(bottleDirectory(slug), FILE), `${JSON.stringify(committed, null, 2)}\n`);
}

export function committedPath(slug: string, { file }: Pick<Committed, 'file'>): string {
  return join(bottleDirectory(slug), file);
}

/** Whether the file of a freeze is still as it was written. */
export async function isWhole(slug: string, committed: Committed): Promise<boolean> {
  const found = await stat(committedPath(slug, committed)).catch(() => undefined);
  return found?.isFile() === true && found.size === committed.bytes;
}

/**
 * Gives a bottle the freeze of another one. The file is linked where that is possible, so that it takes no space.
 * @param source path of the other's file.
 */
export async function adoptCommitted(slug: string, committed: Committed, source: string): Promise<void> {
  const target = committedPath(slug, committed);
  await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_FICLONE));
  const image = { ...committed.image, reference: committedReference(slug) };
  await writeCommitted(slug, { ...committed, image });
}

/** The name of a bottle's image, in its archive and in an engine. */
export function committedReference(slug: string): string {
  return `bot-bottle-committed-${slug}:latest`;
}
