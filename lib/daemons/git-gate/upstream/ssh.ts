/** Seconds. */
const CONNECT_TIMEOUT = 10;

export interface SshFiles {
  /** Path of the private key. */
  readonly key: string;
  readonly knownHosts: string;
  /** Default: `ssh`. */
  readonly program?: string | undefined;
}

/** The variables that make git reach upstream by ssh, and by nothing else, with this key and these host keys. */
export function sshEnvironment({ key, knownHosts, program = 'ssh' }: SshFiles): Record<string, string> {
  const command = [
    program,
    // No file of this machine has a say.
    ...['-F', 'none', '-i', key],
    ...option('IdentitiesOnly', 'yes'),
    ...option('IdentityAgent', 'none'),
    ...option('UserKnownHostsFile', knownHosts),
    ...option('GlobalKnownHostsFile', '/dev/null'),
    ...option('StrictHostKeyChecking', 'yes'),
    ...option('BatchMode', 'yes'),
    ...option('ConnectTimeout', String(CONNECT_TIMEOUT)),
    // A connection that died without a word: noticed within a minute.
    ...option('ServerAliveInterval', '15'),
    ...option('ServerAliveCountMax', '4'),
    ...option('ControlMaster', 'no'),
    ...option('ControlPath', 'none'),
  ];
  return {
    GIT_ALLOW_PROTOCOL: 'ssh',
    GIT_SSH_VARIANT: 'ssh',
    // Git hands it to a shell.
    GIT_SSH_COMMAND: command.map(quoted).join(' '),
  };
}

const option = (name: string, value: string) => ['-o', `${name}=${value}`];

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
