import type { SmolvmClient } from '../smolvm/client.ts';
import { runInGuest, shellWord } from './guest-shell.ts';

/**
 * `pack create` gives every file to the user who packs. The agent's home must be its own again, and the scratch
 * directories root's with the sticky bit, or no other user can write there. One script: each exec so soon after
 * start is a chance for the start-up race.
 */
export async function repairOwnership(
  client: SmolvmClient,
  machine: string,
  agent: { user: string; home: string },
): Promise<void> {
  const { user, home } = { user: shellWord(agent.user), home: shellWord(agent.home) };
  const script = [
    'set -e',
    `id -u ${user} > /dev/null || { echo "the image has no user ${agent.user}" >&2; exit 1; }`,
    'command -v runuser > /dev/null || { echo "the image has no runuser (Debian: util-linux)" >&2; exit 1; }',
    `chown -R ${user}: ${home}`,
    'chown root:root /tmp /var/tmp',
    'chmod 1777 /tmp /var/tmp',
  ].join('\n');
  await runInGuest(client, machine, 'the repair of file ownership', script);
}
