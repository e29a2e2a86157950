import type { Bottle } from './bottle.ts';
import { shellWord } from './shell-script.ts';

/**
 * Repairs file ownership: `pack create` gives every file to the packing user. The agent's home must belong to
 * the agent, and the temporary directories to root with the sticky bit, so that other users can write there.
 * It is one script, since each exec soon after start may be killed.
 * @throws BottleError `guest-failed`
 */
export async function repairOwnership(bottle: Bottle): Promise<void> {
  const [user, home] = [shellWord(bottle.agent.user), shellWord(bottle.agent.home)];
  const script = [
    'set -e',
    `id -u ${user} > /dev/null || { echo "the image has no user ${bottle.agent.user}" >&2; exit 1; }`,
    'command -v runuser > /dev/null || { echo "the image has no runuser (Debian: util-linux)" >&2; exit 1; }',
    `chown -R ${user}: ${home}`,
    'chown root:root /tmp /var/tmp',
    'chmod 1777 /tmp /var/tmp',
  ].join('\n');
  await bottle.runScript('the repair of file ownership', script);
}
