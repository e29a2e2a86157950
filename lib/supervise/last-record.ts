import { messageOf } from '../errors.ts';
import { line } from '../terminal/output.ts';
import { recordEnd, recordQueue } from './audit.ts';

/** As `recordQueue`, at a teardown: what fails is a warning, since nothing may keep a bottle from being taken down. */
export async function recordAtTeardown(bottle: string): Promise<void> {
  await orWarn(bottle, recordQueue);
}

/** As `recordEnd`, with the same leniency. */
export async function recordAtRemoval(bottle: string): Promise<void> {
  await orWarn(bottle, recordEnd);
}

async function orWarn(bottle: string, record: (bottle: string) => Promise<void>): Promise<void> {
  try {
    await record(bottle);
  } catch (error) {
    line(`warning: the audit of what ${bottle} asked for could not be completed: ${messageOf(error)}`);
  }
}
