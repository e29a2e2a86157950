import { execa } from 'execa';

/** Long enough for an engine under load; a slower one would be no use for a launch. */
const ANSWER_MS = 20_000;

export type Answer =
  | { state: 'running'; version: string }
  /** `client-missing`: no `docker` program; `refused`: this user cannot access the socket. */
  | { state: 'client-missing' | 'refused' | 'silent'; said: string };

/** Asks the engine for its version. `host` overrides the docker client's default. */
export async function askEngine(host?: string): Promise<Answer> {
  const where = host === undefined ? [] : ['--host', host];
  const args = [...where, 'version', '--format', '{{.Server.Version}}'];
  const result = await execa('docker', args, { reject: false, stdin: 'ignore', timeout: ANSWER_MS });
  if (result.code === 'ENOENT') return { state: 'client-missing', said: 'the docker program is missing' };
  const version = result.stdout?.trim();
  if (!result.failed && version) return { state: 'running', version };
  const said = result.timedOut ? `no answer within ${ANSWER_MS / 1000} s` : (result.stderr ?? '').trim();
  return { state: /permission denied/i.test(said) ? 'refused' : 'silent', said };
}
