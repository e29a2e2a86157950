import { execa } from 'execa';
import { childEnvironment } from '../../host/child-environment.ts';

/** Long enough for an engine under load; a slower one would be no use for a launch. */
const ANSWER_MS = 20_000;

export type Answer =
  /** `context` is the docker client's, as far as it says. */
  | { state: 'running'; version: string; context?: string }
  /** `client-missing`: no `docker` program; `refused`: this user cannot access the socket; `podman`: it is podman's. */
  | { state: 'client-missing' | 'refused' | 'silent' | 'podman'; said: string };

/** Asks the engine for its version. `host` overrides the docker client's default. */
export async function askEngine(host?: string): Promise<Answer> {
  const where = host === undefined ? [] : ['--host', host];
  const args = [...where, 'version', '--format', '{{.Server.Version}} {{.Client.Context}}'];
  const result = await run(args);
  if (result.code === 'ENOENT') return { state: 'client-missing', said: 'the docker program is missing' };
  const [version, context] = (result.stdout ?? '').trim().split(' ');
  if (!result.failed && version) return { state: 'running', version, ...(context && { context }) };
  const { stdout = '' } = await run(['--version']);
  if (/podman/i.test(stdout)) return { state: 'podman', said: stdout.trim() };
  const said = result.timedOut ? `no answer within ${ANSWER_MS / 1000} s` : (result.stderr ?? '').trim();
  return { state: /permission denied/i.test(said) ? 'refused' : 'silent', said };
}

function run(args: readonly string[]) {
  return execa('docker', args, {
    ...{ reject: false, stdin: 'ignore', timeout: ANSWER_MS },
    ...{ env: childEnvironment('docker'), extendEnv: false },
  });
}
