import type { Bottle } from './bottle.ts';
import { shellWord } from './shell-script.ts';

/** Marks a guest whose files are repaired; beside the guest tool, where only root can write. */
const REPAIRED = '/usr/libexec/bot-bottle/ownership-repaired';

/**
 * Repairs file ownership: `pack create` gives every file to the packing user. The agent's home must belong to
 * the agent, and the temporary directories to root with the sticky bit, so that other users can write there.
 * Done before the agent first runs, and never again: it could have put links to files of root in its home.
 * It is one script, since each exec soon after start may be killed.
 * @throws BottleError `guest-failed`
 */
export async function repairOwnership(bottle: Bottle): Promise<void> {
  const [user, home] = [shellWord(bottle.agent.user), shellWord(bottle.agent.home)];
  const script = [
    'set -e',
    `[ ! -e ${REPAIRED} ] || exit 0`,
    `id -u ${user} > /dev/null || { echo "the image has no user ${bottle.agent.user}" >&2; exit 1; }`,
    `mkdir -p ${home} /tmp /var/tmp`,
    `chown -hR ${user}: ${home}`,
    'chown root:root /tmp /var/tmp',
    'chmod 1777 /tmp /var/tmp',
    `: > ${REPAIRED}`,
  ].join('\n');
  await bottle.runScript('the repair of file ownership', script);
}
