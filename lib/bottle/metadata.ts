import { z } from 'zod';
import { writeAtomically } from '../host/files.ts';
import { processIdentity } from '../host/process-identity.ts';
import { readJson } from '../host/read-json.ts';
import { bottlePaths } from './paths.ts';

/** The sixteen colours that every terminal has. */
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
 * What is known of a bottle before and after it lives. The fields are bot-bottle's, whose files are read too:
 * older ones lack some, newer ones may have more, which are kept as they are.
 */
export const bottleMetadata = z.looseObject({
  identity: z.string(),
  agent_name: z.string(),
  /** The operator's working directory; empty in old files. */
  cwd: z.string().default(''),
  /** Whether the working directory is copied into the guest. */
  copy_cwd: z.boolean().default(false),
  /** UTC, ISO 8601; the oldest files leave the zone out. */
  started_at: z.iso.datetime({ offset: true, local: true }),
  /** Of bot-bottle's Docker backend; empty here. */
  compose_project: z.string().default(''),
  /** `smolmachines` here; empty in old files, where it means bot-bottle's Docker backend. */
  backend: z.string().default(''),
  /** What the operator calls it, at most 64 bytes; empty for none. */
  label: z.string().default(''),
  /** One of `LABEL_COLORS`, or empty; bot-bottle's own may say more. */
  color: z.string().default(''),
  /** The bottles chosen at launch, in order; empty for the one that the agent names. */
  bottle_names: z.array(z.string()).default([]),
  /** The launch that supervises this bottle; null for one brought up by hand. Its death makes the bottle an orphan. */
  owner: processIdentity.nullable().default(null),
});
export type BottleMetadata = z.infer<typeof bottleMetadata>;

export async function readMetadata(slug: string): Promise<BottleMetadata | undefined> {
  return readJson(bottlePaths.metadata(slug), bottleMetadata);
}

export async function writeMetadata(metadata: BottleMetadata): Promise<void> {
  await writeAtomically(bottlePaths.metadata(metadata.identity), `${JSON.stringify(metadata, null, 2)}\n`);
}
