import { unwatchFile, watchFile } from 'node:fs';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { docker } from '../docker/cli.ts';
import { messageOf } from '../errors.ts';
import { homeDirectory } from '../host/directories.ts';
import type { Plan } from '../plan/schema.ts';
import { SIGN_IN_VARIABLE } from '../plan/sign-in.ts';
import { readSignIn } from '../providers/read-sign-in.ts';
import { signInOf } from '../providers/sign-in-of.ts';

const INTERVAL_MS = 2_000;

/**
 * Keeps the token of the host's sign-in in its slot of the bundle, if the bottle uses one: the host's own program
 * refreshes it in its file. Starts with the present token, since the bundle may have started long ago.
 * @returns a function that ends it.
 */
export async function followSignIn(plan: Plan, say: (line: string) => void): Promise<() => void> {
  const signIn = await signInOf(plan.provider, homeDirectory());
  const slot = Object.keys(plan.egress.tokens).find((name) => plan.egress.tokens[name] === SIGN_IN_VARIABLE);
  if (signIn === undefined || slot === undefined) return () => {};
  let sent = '';
  const update = async () => {
    const { token } = await readSignIn(signIn);
    if (token === sent) return;
    await docker(
      ['exec', '--interactive', plan.names.bundle, 'node', CONTAINER_PATHS.controlProgram, 'token', slot],
      {
        input: token,
      },
    );
    if (sent !== '') say('the host refreshed its sign-in; egress uses the new token');
    sent = token;
  };
  await update();
  const file = signIn.file();
  let last = Promise.resolve();
  const changed = () => {
    // One after the other, so that the newest token is sent last. The file may be half written; the next change comes
    // when it is whole.
    last = last
      .then(update)
      .catch((error: unknown) => say(`the old token stays in use: ${messageOf(error)}`));
  };
  // Polling also sees a file that was replaced by another.
  watchFile(file, { interval: INTERVAL_MS, persistent: false }, changed);
  return () => unwatchFile(file, changed);
}
