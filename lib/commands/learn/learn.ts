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

/** Maximum size of the file; a thousand kinds of denials of maximum length are smaller. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Returns routes that would admit what a bottle was denied, as YAML to review. The bottle is running, or its
 * state was kept.
 * @throws BottleError `state-missing` when the bottle does not exist or does not learn.
 */
export async function learnedRoutes(slug: string): Promise<string> {
  if ((await readMetadata(slug)) === undefined) {
    throw new BottleError('state-missing', `no bottle is named ${slug}`, {
      hint: '`make status` lists bottles.',
    });
  }
  const plan = (await readRecord(slug, 'prepare', planSchema))?.data;
  const learned = await readLearned(slug);
  if (plan === undefined || (learned === undefined && !plan.egress.learn)) {
    throw new BottleError('state-missing', `the bottle ${slug} does not learn`, {
      hint: 'Set `learn: true` under `egress` in its manifest, launch it, and let the agent work.',
    });
  }
  const nothing: LearnedFile = { version: 1, denials: [], beyond: 0, withheld: 0, unlearnable: {} };
  return proposalText(slug, learned ?? nothing, plan.egress);
}

/** Reads only a regular file of limited size, since the bundle can write to this directory. */
async function readLearned(slug: string): Promise<LearnedFile | undefined> {
  const path = join(bottlePaths.audit(slug), LEARNED_FILE);
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > MAX_BYTES) throw new Error('not a regular file of plausible size');
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
