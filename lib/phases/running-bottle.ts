import { type BottleMetadata, readMetadata } from '../bottle/metadata.ts';
import { readRecord } from '../bottle/records.ts';
import { assertSlug } from '../bottle/slug.ts';
import { BottleError } from '../errors.ts';
import { Bottle } from '../guest/bottle.ts';
import type { Plan } from '../plan/schema.ts';
import { buildImage } from './build-image.ts';
import { prepare } from './prepare.ts';
import { provision } from './provision.ts';

/** @throws BottleError `state-missing` for a bottle that does not exist. */
export async function requireBottle(slug: string): Promise<BottleMetadata> {
  assertSlug(slug);
  const metadata = await readMetadata(slug);
  if (metadata !== undefined) return metadata;
  throw new BottleError('state-missing', `no bottle is named ${slug}`, {
    hint: '`make status` lists bottles; work that was fetched stays in its repository: git for-each-ref refs/bottles',
  });
}

/** Returns the handle of a bottle's guest, whether it was prepared for sessions or not. @throws BottleError `state-missing` */
export async function guestOf(slug: string): Promise<{ plan: Plan; bottle: Bottle }> {
  await requireBottle(slug);
  const [plan, image] = await Promise.all([
    readRecord(slug, prepare.name, prepare.record),
    readRecord(slug, buildImage.name, buildImage.record),
  ]);
  if (plan === undefined || image === undefined) throw notUp(slug);
  return { plan: plan.data, bottle: new Bottle(plan.data, image.data.agent) };
}

/** Like `guestOf`, for a bottle in which sessions can run. @throws BottleError `state-missing` */
export async function runningBottle(slug: string): Promise<{ plan: Plan; bottle: Bottle }> {
  const guest = await guestOf(slug);
  if ((await readRecord(slug, provision.name, provision.record)) === undefined) throw notUp(slug);
  return guest;
}

/** The error for a bottle that is not up. `detail` says why, in its last line. */
export function notUp(slug: string, detail = ''): BottleError {
  const said = detail.trim().split('\n').at(-1) ?? '';
  return new BottleError('state-missing', `the bottle ${slug} is not up${said === '' ? '' : `: ${said}`}`, {
    hint: `Bring it up: make up BOTTLE=${slug}`,
  });
}
