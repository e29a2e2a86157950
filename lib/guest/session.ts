import { ENVIRONMENT_FILE, MEMORY_DIRECTORY } from './environment.ts';
import { shellWord, writeFileScript } from './shell-script.ts';
import { GUEST_TOOL } from './tool.ts';

/** Returns the script that writes the environment of sessions. Values may contain anything but NUL. */
export function environmentScript(environment: Readonly<Record<string, string>>): string {
  const entries = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
  const directory = shellWord(MEMORY_DIRECTORY);
  return [
    // Anyone can write to the parent: remove what an agent may have put here, and let `mkdir` fail if it
    // exists.
    `rm -rf ${directory}`,
    `mkdir -m 0700 ${directory}`,
    writeFileScript(ENVIRONMENT_FILE, entries.join(''), '0600'),
  ].join('\n');
}

export interface Terminal {
  columns: number;
  rows: number;
  /** The host's TERM. */
  type: string;
}

/**
 * Returns the guest command that runs `command` as the agent's user, in its directory and with exactly the bottle's
 * environment. All arguments are public: values come from the file in the guest, which is read before the user
 * is switched. `terminal` sets the size, which smolvm 0.8.0 leaves at 0 x 0.
 */
export function sessionCommand(
  agent: { user: string; directory: string },
  command: readonly string[],
  terminal?: Terminal,
): string[] {
  const size =
    terminal === undefined ? [] : ['-t', terminal.type, '-s', `${terminal.columns}x${terminal.rows}`];
  return [
    GUEST_TOOL,
    'run-as',
    '-e',
    ENVIRONMENT_FILE,
    '-d',
    agent.directory,
    ...size,
    agent.user,
    ...command,
  ];
}
