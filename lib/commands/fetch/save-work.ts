import { readRecord } from '../../bottle/records.ts';
import { BottleError, messageOf } from '../../errors.ts';
import { guestState } from '../../guest/guest-state.ts';
import { prepare } from '../../phases/prepare.ts';
import { guestOf } from '../../phases/running-bottle.ts';
import { WORKSPACE_MARKER, workspace } from '../../phases/workspace.ts';
import { fetchWork } from './fetch-work.ts';
import { workText } from './work-text.ts';

/**
 * Makes sure that a bottle can be taken down without losing work: fetches what is new, and says where it is. Does
 * nothing for a bottle without a copy of a directory. Another Ctrl-C ends it.
 * @throws BottleError `work-unsaved` when work may be left in the guest alone.
 */
export async function saveWork(slug: string, say: (line: string) => void): Promise<void> {
  const record = await readRecord(slug, workspace.name, workspace.record);
  const prepared = await readRecord(slug, prepare.name, prepare.record);
  if (record === undefined || prepared === undefined || record.data.kind === 'none') return;
  const state = await guestState(prepared.data);
  if (state === 'gone') return say('the guest is gone, and with it what was not fetched');
  const { kind, directory } = record.data;
  if (state === 'stopped') throw unsaved(slug, 'the guest has died; its disk is still there');
  if (kind === 'folder') {
    if (!(await hasChanged(slug, directory))) return;
    throw unsaved(slug, `the work in ${directory} is in the guest alone`, {
      hint: `Copy it: make cp BOTTLE=${slug} FROM=guest:${directory} TO=…; then remove the bottle: make teardown BOTTLE=${slug} DISCARD=1`,
    });
  }
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new BottleError('interrupted', 'interrupted'));
  process.once('SIGINT', interrupt);
  try {
    const fetched = await fetchWork(slug, { signal: interrupted.signal });
    const text = await workText(slug, fetched);
    if (text !== '') say(text);
  } catch (error) {
    throw unsaved(slug, messageOf(error), { cause: error });
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

/** Whether anything in a directory is newer than the copy. */
async function hasChanged(slug: string, directory: string): Promise<boolean> {
  const { bottle } = await guestOf(slug);
  const found = await bottle.exec(['find', directory, '-newer', WORKSPACE_MARKER]);
  return found.exitCode !== 0 || found.stdout !== '';
}

function unsaved(
  slug: string,
  reason: string,
  options: { hint?: string; cause?: unknown } = {},
): BottleError {
  return new BottleError('work-unsaved', `the work of the bottle ${slug} is not saved: ${reason}`, {
    hint: `The bottle was left as it is. Bring it up and fetch: make up BOTTLE=${slug} && make fetch BOTTLE=${slug}; or remove it with its work: make teardown BOTTLE=${slug} DISCARD=1`,
    ...options,
  });
}
