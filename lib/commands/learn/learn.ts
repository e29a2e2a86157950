import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readMetadata } from '../../bottle/metadata.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { LEARNED_FILE, type LearnedFile, learnedFile } from '../../daemons/contract/egress/learned.ts';
import { BottleError } from '../../errors.ts';
import { isMissing } from '../../host/files.ts';
import { validate } from '../../host/read-json.ts';
import { planSchema } from '../../plan/schema.ts';
import { proposalText } from './proposal-text.ts';

/** Bytes; a thousand kinds of denials, each as long as it may be, are less. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Routes that would admit what a bottle was denied, as YAML to review; of a bottle that runs, or whose state is kept.
 * @throws BottleError `state-missing` when there is no such bottle, or it learns nothing.
 */
export async function learnedRoutes(slug: string): Promise<string> {
  if ((await readMetadata(slug)) === undefined) {
    throw new BottleError('state-missing', `there is no bottle ${slug}`, {
      hint: '`make status` lists bottles.',
    });
  }
  const plan = (await readRecord(slug, 'prepare', planSchema))?.data;
  const learned = await readLearned(slug);
  if (plan === undefined || (learned === undefined && !plan.egress.learn)) {
    throw new BottleError('state-missing', `the bottle ${slug} does not learn`, {
      hint: 'Write `learn: true` under `egress` of its manifest, launch, and let the agent try.',
    });
  }
  const nothing: LearnedFile = { version: 1, denials: [], beyond: 0, withheld: 0, unlearnable: {} };
  return proposalText(slug, learned ?? nothing, plan.egress);
}

/** The bundle can write this directory: only a plain file of a likely size is read. */
async function readLearned(slug: string): Promise<LearnedFile | undefined> {
  const path = join(bottlePaths.audit(slug), LEARNED_FILE);
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > MAX_BYTES) throw new Error('not a file of egress');
      return validate(path, JSON.parse(await file.readFile('utf8')), learnedFile);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof BottleError) throw error;
    throw new BottleError('state-corrupt', `${path} cannot be used`, { cause: error });
  }
}
