import { BottleError } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { notUp } from '../../phases/running-bottle.ts';

/** What a path in the guest is, following links; `nowhere` when even its folder does not exist. */
export type GuestKind = 'file' | 'folder' | 'other' | 'nothing' | 'nowhere';

const LOOK = [
  'if [ -d "$1" ]; then echo folder',
  'elif [ -f "$1" ]; then echo file',
  'elif [ -e "$1" ] || [ -L "$1" ]; then echo other',
  'elif [ -d "$(dirname "$1")" ]; then echo nothing',
  'else echo nowhere; fi',
  'command -v tar > /dev/null || echo no-tar',
].join('\n');

/** Looks at a path as the agent. @throws BottleError when the guest does not answer, or has no tar and `needsTar`. */
export async function lookInGuest(
  bottle: Bottle,
  path: string,
  { needsTar, signal }: { readonly needsTar: boolean; readonly signal: AbortSignal },
): Promise<GuestKind> {
  const result = await bottle.execAsAgent(['/bin/sh', '-c', LOOK, 'sh', path], { signal, timeoutMs: 60_000 });
  signal.throwIfAborted();
  const said = /^(file|folder|other|nothing|nowhere)\n?(no-tar)?\s*$/.exec(result.stdout);
  if (result.exitCode !== 0 && said === null) throw notUp(bottle.slug, result.stderr);
  if (said === null) throw new BottleError('guest-failed', `the guest did not say what ${path} is`);
  if (needsTar && said[2] !== undefined) {
    throw new BottleError('guest-failed', 'the guest has no `tar`', {
      hint: 'Add tar to the agent’s image. Without it, single files are copied with FROM=- or TO=-.',
    });
  }
  return said[1] as GuestKind;
}

/** The error of a command in the guest. */
export function guestError(
  what: string,
  { exitCode, stderr }: { exitCode: number; stderr: string },
): BottleError {
  const said = stderr.trim().split('\n').slice(-3).join('\n') || 'no message';
  return new BottleError('guest-failed', `${what} failed in the guest (exit ${exitCode}): ${said}`);
}
