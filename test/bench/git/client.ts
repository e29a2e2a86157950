import { execa } from 'execa';

/** The environment of git without anything of this machine's configuration. */
export function clientEnvironment(more: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...more,
  };
}

/** A client's git, which always reaches one URL, and the repository that it has cloned. */
export interface Client {
  readonly url: string;
  readonly directory: string;
  readonly environment: Record<string, string>;
}

/** The variables that let git reach an HTTPS upstream straight. */
export function straight(access: { root: string; username: string; token: string }): Record<string, string> {
  return clientEnvironment({
    GIT_SSL_CAINFO: access.root,
    BENCH_USER: access.username,
    BENCH_TOKEN: access.token,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'credential.helper',
    GIT_CONFIG_VALUE_0: `!printf 'username=%s\\npassword=%s\\n' "$BENCH_USER" "$BENCH_TOKEN"; :`,
  });
}

/** Seconds that a command of git takes. @throws Error when it fails. */
export async function secondsOf(client: Client, cwd: string, args: readonly string[]): Promise<number> {
  const started = performance.now();
  await execa('git', args, { cwd, env: client.environment, extendEnv: false });
  return (performance.now() - started) / 1000;
}
