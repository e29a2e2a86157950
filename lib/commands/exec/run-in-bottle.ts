import { readMetadata } from '../../bottle/metadata.ts';
import { readRecord } from '../../bottle/records.ts';
import { assertSlug } from '../../bottle/slug.ts';
import { BottleError } from '../../errors.ts';
import { Bottle } from '../../guest/bottle.ts';
import { buildImage } from '../../phases/build-image.ts';
import { prepare } from '../../phases/prepare.ts';
import { provision } from '../../phases/provision.ts';
import { holdSession } from '../../sessions/hold-session.ts';
import { looksOf } from '../../sessions/looks.ts';
import type { SessionKind } from '../../sessions/registry.ts';

/** The best shell that the guest has. */
export const SHELL = ['/bin/sh', '-c', 'exec "$(command -v bash || echo /bin/sh)"'];

/**
 * Runs a command in a bottle that is up, as the agent and with its environment, on this process's streams.
 * @returns its exit code.
 * @throws BottleError `state-missing` for a bottle that does not exist or is not up.
 */
export async function runInBottle(
  slug: string,
  kind: Exclude<SessionKind, 'agent'>,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  await assertExists(slug);
  const [prepared, built, provisioned] = await Promise.all([
    readRecord(slug, prepare.name, prepare.record),
    readRecord(slug, buildImage.name, buildImage.record),
    readRecord(slug, provision.name, provision.record),
  ]);
  if (prepared === undefined || built === undefined || provisioned === undefined) {
    throw new BottleError('state-missing', `the bottle ${slug} is not up`, {
      hint: `Bring it up: make up BOTTLE=${slug}`,
    });
  }
  const looks = await looksOf(prepared.data);
  return holdSession(new Bottle(prepared.data, built.data.agent), command, { ...looks, kind, signal });
}

/** @throws BottleError `state-missing` for a bottle that does not exist. */
export async function assertExists(slug: string): Promise<void> {
  assertSlug(slug);
  if ((await readMetadata(slug)) !== undefined) return;
  throw new BottleError('state-missing', `no bottle is named ${slug}`, {
    hint: '`make status` lists bottles.',
  });
}
