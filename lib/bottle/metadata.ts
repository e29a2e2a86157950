import { z } from 'zod';
import { writeAtomically } from '../host/files.ts';
import { processIdentity } from '../host/process-identity.ts';
import { readJson } from '../host/read-json.ts';
import { bottlePaths } from './paths.ts';

/** The 16 standard terminal colors. */
export const LABEL_COLORS = [
  ...['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'],
  ...[
    'gray',
    'redBright',
    'greenBright',
    'yellowBright',
    'blueBright',
    'magentaBright',
    'cyanBright',
    'whiteBright',
  ],
] as const;

/**
 * Metadata of a bottle, kept before and after it runs. The fields are bot-bottle's, whose files can be read
 * too: older files lack some fields, and unknown fields of newer ones are preserved.
 */
export const bottleMetadata = z.looseObject({
  identity: z.string(),
  agent_name: z.string(),
  /** The operator's working directory; empty in old files. */
  cwd: z.string().default(''),
  /** Whether the working directory is copied into the guest. */
  copy_cwd: z.boolean().default(false),
  /** Whether that includes files that look like secrets. */
  copy_cwd_secrets: z.boolean().optional(),
  /** Bytes that a working directory without git may have. */
  copy_cwd_max_bytes: z.number().int().positive().optional(),
  /** UTC, ISO 8601; the oldest files omit the zone. */
  started_at: z.iso.datetime({ offset: true, local: true }),
  /** Used by bot-bottle's Docker backend; empty here. */
  compose_project: z.string().default(''),
  /** `smolmachines` here; empty in old files, where it means bot-bottle's Docker backend. */
  backend: z.string().default(''),
  /** The operator's label, at most 64 bytes; empty for none. */
  label: z.string().default(''),
  /** One of `LABEL_COLORS`, or empty; bot-bottle's files may contain others. */
  color: z.string().default(''),
  /** The bottles chosen at launch, in order; empty for the one that the agent names. */
  bottle_names: z.array(z.string()).default([]),
  /** The dotenv file given at launch, as an absolute path; empty for none. */
  env_file: z.string().default(''),
  /** How its guest was confined when it was last prepared; see `smolvm/version.ts`. */
  tier: z.enum(['alias', 'socket']).optional(),
  /** What the operator wants to become of its state at its end; absent: the usual rules. */
  kept: z.boolean().optional(),
  /** The bottle from whose freeze it was made. */
  parent: z.string().optional(),
  /** The launch that supervises the bottle, which is orphaned when it dies; null if brought up by hand. */
  owner: processIdentity.nullable().default(null),
});
export type BottleMetadata = z.infer<typeof bottleMetadata>;

export async function readMetadata(slug: string): Promise<BottleMetadata | undefined> {
  return readJson(bottlePaths.metadata(slug), bottleMetadata);
}

export async function writeMetadata(metadata: BottleMetadata): Promise<void> {
  await writeAtomically(bottlePaths.metadata(metadata.identity), `${JSON.stringify(metadata, null, 2)}\n`);
}
