import type { AgentUser } from './agent.ts';
import { shellWord } from './shell-script.ts';

/** Marks a guest whose files are repaired; beside the guest tool, where only root can write. */
export const REPAIRED = '/usr/libexec/bot-bottle/ownership-repaired';

/**
 * Returns the mark for a guest whose files lost their owners again, since its freeze was packed afterward.
 * @param id `sha256:…` of the image that was packed.
 */
export function repairedAfterPacking(id: string): string {
  return `${REPAIRED}-${id.replace('sha256:', '').slice(0, 12)}`;
}

/**
 * Returns the script that repairs file ownership: `pack create` gives every file to the packing user. The agent's
 * home must belong to the agent, and the temporary directories to root with the sticky bit, so that other users can
 * write there. Done before the agent first runs, and never again: it could have put links to files of root there.
 */
export function ownershipScript({ uid, gid, home }: AgentUser, mark = REPAIRED): string {
  return [
    `if [ ! -e ${mark} ]; then`,
    `  mkdir -p ${shellWord(home)} /tmp /var/tmp`,
    `  chown -hR ${uid}:${gid} ${shellWord(home)}`,
    '  chown 0:0 /tmp /var/tmp',
    '  chmod 1777 /tmp /var/tmp',
    `  : > ${mark}`,
    'fi',
  ].join('\n');
}
