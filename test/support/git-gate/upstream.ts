import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitOk } from './agent-git.ts';

/** An upstream that is reached through a program in the place of ssh. */
export interface TestUpstream {
  /** Bare repository with one commit on `main`. */
  readonly repository: string;
  readonly url: string;
  readonly ssh: string;
  /** The command lines of all connections so far. */
  calls(): Promise<string[]>;
  setReachable(isReachable: boolean): Promise<void>;
  /** From now on connections wait, until the returned function is called. */
  hold(): Promise<() => Promise<void>>;
  /** Installs a hook, the body of a shell script. */
  hook(name: string, body: string): Promise<void>;
  /** Id of a ref; empty where there is none. */
  ref(name: string): Promise<string>;
}

/** Makes an upstream below `directory`, whose ids are of this hash. */
export async function makeUpstream(directory: string, hash = 'sha1'): Promise<TestUpstream> {
  const [repository, ssh, calls, down, held] = ['upstream.git', 'ssh', 'calls', 'down', 'held'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string, string];
  await gitOk(
    directory,
    'init',
    '--quiet',
    '--bare',
    `--object-format=${hash}`,
    '--initial-branch=main',
    repository,
  );
  const seed = join(directory, 'seed');
  await gitOk(directory, 'init', '--quiet', `--object-format=${hash}`, '--initial-branch=main', seed);
  await writeFile(join(seed, 'README'), 'hello\n');
  await gitOk(seed, 'add', '.');
  await gitOk(seed, 'commit', '--quiet', '-m', 'First');
  await gitOk(seed, 'push', '--quiet', repository, 'main');
  await writeFile(calls, '');
  // Git hands it options, the host, and a command line for the shell at the other end.
  const script = `#!/bin/sh
echo "$*" >> '${calls}'
if [ -e '${down}' ]; then echo 'ssh: connect to host upstream.test port 22: Connection refused' >&2; exit 255; fi
while [ -e '${held}' ]; do sleep 0.02; done
for last; do :; done
exec env -i PATH="$PATH" HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 sh -c "$last"
`;
  await writeFile(ssh, script);
  await chmod(ssh, 0o755);
  return {
    repository,
    ssh,
    url: `ssh://git@upstream.test${repository}`,
    calls: async () => (await readFile(calls, 'utf8')).split('\n').filter(Boolean),
    setReachable: (isReachable) => (isReachable ? rm(down) : writeFile(down, '')),
    hold: async () => {
      await writeFile(held, '');
      return () => rm(held);
    },
    hook: async (name, body) => {
      await mkdir(join(repository, 'hooks'), { recursive: true });
      await writeFile(join(repository, 'hooks', name), `#!/bin/sh\n${body}\n`);
      await chmod(join(repository, 'hooks', name), 0o755);
    },
    ref: (name) => gitOk(repository, 'for-each-ref', '--format=%(objectname)', name),
  };
}
