import { ENVIRONMENT_FILE } from '../guest/environment.ts';
import { shellWord, writeAgentFileScript } from '../guest/shell-script.ts';
import { GUEST_TOOL } from '../guest/tool.ts';
import { gitConfig } from './git-config.ts';
import type { Provisioner } from './provisioner.ts';

/** Below the agent's home. */
const OWN_FILE = '.bot-bottle-gitconfig';

/**
 * Run as the agent. An image may have a ~/.gitconfig: it stays, and includes the kit's at its end, where it wins.
 * `-s` and `-x`: no complaint without the file, and the whole line.
 */
export const INCLUDE = `
line="	path = ~/$1"
grep -qsxF "$line" "$HOME/.gitconfig" || printf '\\n[include]\\n%s\\n' "$line" >> "$HOME/.gitconfig"
`;

/** Tells the agent's git who it is, and to go to the gate instead of the upstreams. */
export const git: Provisioner = {
  name: 'git',
  applies: ({ git: repos, gitUser }) => repos.length > 0 || gitUser !== undefined,
  async provision({ agent }, { plan, gitGate, addScript }) {
    addScript(writeAgentFileScript(agent, `${agent.home}/${OWN_FILE}`, gitConfig(plan, gitGate), '0644'));
    const asAgent = [GUEST_TOOL, 'run-as', '-e', ENVIRONMENT_FILE, agent.user];
    addScript([...asAgent, '/bin/sh', '-ec', INCLUDE, 'sh', OWN_FILE].map(shellWord).join(' '));
  },
};
