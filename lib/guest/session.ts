import { ENVIRONMENT_FILE, MEMORY_DIRECTORY } from './environment.ts';
import { shellWord } from './shell-script.ts';

/**
 * Returns the script that writes the environment for sessions to source. Values may contain anything but NUL.
 */
export function environmentScript(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${shellWord(value)}`);
  const [directory, file] = [shellWord(MEMORY_DIRECTORY), shellWord(ENVIRONMENT_FILE)];
  return [
    // Anyone can write to the parent: remove what an agent may have put here, and let `mkdir` fail if it
    // exists.
    `rm -rf ${directory}`,
    `mkdir -m 0700 ${directory}`,
    `(umask 077 && base64 -d > ${file}) <<'BOT_BOTTLE_END'`,
    Buffer.from(`${lines.join('\n')}\n`)
      .toString('base64')
      .replace(/.{76}/g, '$&\n'),
    'BOT_BOTTLE_END',
  ].join('\n');
}

export interface Terminal {
  columns: number;
  rows: number;
  /** The host's TERM. */
  type: string;
}

/**
 * Returns the guest command that runs `command` as the agent's user, in its home and with the bottle's
 * environment. All arguments are public: values come from the file in the guest. `terminal` sets the size,
 * which smolvm 0.8.0 leaves at 0 x 0.
 */
export function sessionCommand(
  agent: { user: string; home: string },
  command: readonly string[],
  terminal?: Terminal,
): string[] {
  const script = [
    'set -a',
    `. ${ENVIRONMENT_FILE}`,
    'set +a',
    ...(terminal === undefined
      ? []
      : [
          `export TERM=${shellWord(terminal.type)}`,
          `stty cols ${terminal.columns} rows ${terminal.rows} 2> /dev/null`,
        ]),
    `cd ${shellWord(agent.home)}`,
    `exec runuser -u ${shellWord(agent.user)} -- "$@"`,
  ].join('\n');
  return ['sh', '-c', script, 'bot-bottle', ...command];
}
