import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GateRepo, ReposFile } from '../../../lib/daemons/contract/git-gate/repos.ts';
import { reposFile } from '../../../lib/daemons/contract/git-gate/repos.ts';
import { listenForRequests } from '../../../lib/daemons/git-gate/control-server.ts';
import { Gate } from '../../../lib/daemons/git-gate/gate.ts';
import { OwnSecrets } from '../../../lib/daemons/git-gate/own-secrets.ts';
import type { UpstreamTimes } from '../../../lib/daemons/git-gate/upstream/upstream.ts';

export const SECRET = 'correct-horse-battery-staple-4711';

export type Push = GateRepo['push'];

/** Everything is allowed. */
export const ALL: Exclude<Push, false> = {
  branches: ['**'],
  create: true,
  force: true,
  delete: true,
  tags: true,
};

export interface GatePlace {
  readonly directory: string;
  readonly url: string;
  readonly ssh: string;
  readonly push: Push;
  /** For an upstream by HTTPS. */
  readonly https?: { readonly token: string; readonly username: string; readonly root: string };
  readonly times?: Partial<UpstreamTimes>;
  readonly limits?: Partial<ReposFile['limits']>;
  /** Whether the agent can ask a person. */
  readonly supervise?: boolean;
}

export function reposOf({ url, push, limits, https, supervise }: GatePlace): ReposFile {
  const token = { kind: 'token', slot: 'GIT_TOKEN_0', username: https?.username };
  const repo = { name: 'kit', url, key: https === undefined ? { kind: 'file' } : token, push };
  const off = { ...repo, name: 'read-only', push: false };
  return reposFile.parse({ version: 1, repos: [repo, off], limits, supervise });
}

export const controlOf = ({ directory }: GatePlace) => join(directory, 'gate.sock');

/** Opens a gate for the upstream, as its `main` does, and adds its audit to the file `audit`. */
export async function openGate(place: GatePlace) {
  const { directory, ssh, https, times } = place;
  const environment = { EGRESS_TOKEN_0: SECRET, GIT_TOKEN_0: https?.token };
  const gate = await Gate.open({
    ...{ file: reposOf(place), config: directory, ssh, environment },
    ...(https === undefined ? {} : { roots: [https.root] }),
    ...(times === undefined ? {} : { times }),
    secrets: new OwnSecrets(environment, join(directory, 'slots')),
    mirrors: join(directory, 'mirrors'),
    run: join(directory, 'run'),
  });
  const audit = join(directory, 'audit');
  return listenForRequests({
    path: controlOf(place),
    gate,
    audit: (entry) =>
      appendFileSync(
        audit,
        `${JSON.stringify({ time: new Date().toISOString(), bottle: 'test', ...entry })}\n`,
      ),
  });
}
