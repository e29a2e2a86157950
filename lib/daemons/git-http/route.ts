import type { GateRepo } from '../contract/git-gate/repos.ts';

/** A request that git makes. */
export interface GitRequest {
  readonly repo: GateRepo;
  readonly service: 'git-upload-pack' | 'git-receive-pack';
  /** Whether it asks what refs there are, the first thing that git does. */
  readonly isFirst: boolean;
}

/** What a client is told instead. Git shows the text, if it is not 401 and answers a GET. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
  /** Default: `text/plain`. */
  readonly type?: string;
  /** The repository, where a push to it was refused. */
  readonly deniedPush?: string;
}

const TARGET = /^\/(?<name>[A-Za-z0-9_.][A-Za-z0-9_.-]*)\.git\/(?<rest>[a-z/-]+)(?:\?(?<query>.*))?$/;

/** What a request asks for, by its line alone; everything that git does not ask for is refused. */
export function route(
  method: string,
  target: string,
  repos: ReadonlyMap<string, GateRepo>,
): GitRequest | Refusal {
  const { name = '', rest = '', query } = TARGET.exec(target)?.groups ?? {};
  const repo = repos.get(name);
  if (repo === undefined) return unknownRepository(repos);
  if (rest.startsWith('info/lfs/')) return noLfs();
  const first = /^service=(?<service>git-upload-pack|git-receive-pack)$/.exec(query ?? '')?.groups?.service;
  const isFirst = rest === 'info/refs' && first !== undefined;
  const service = isFirst ? first : query === undefined ? rest : '';
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') {
    return { status: 404, text: 'git gate: only clones, fetches and pushes over smart HTTP are served' };
  }
  if (method !== (isFirst ? 'GET' : 'POST')) return { status: 405, text: 'git gate: not with this method' };
  if (service === 'git-receive-pack' && repo.push === false) {
    const text = `git gate: pushes to ${name} are off (git-gate.repos.${name}.push)`;
    return { status: 403, text, deniedPush: name };
  }
  return { repo, service, isFirst };
}

function unknownRepository(repos: ReadonlyMap<string, GateRepo>): Refusal {
  const known = [...repos.keys()].map((name) => `/${name}.git`).join(', ');
  return { status: 404, text: `git gate: there is no such repository; there are: ${known || 'none'}` };
}

function noLfs(): Refusal {
  const message = 'git gate: Git LFS is not served; GIT_LFS_SKIP_PUSH=1 pushes the pointers alone';
  return { status: 404, text: JSON.stringify({ message }), type: 'application/vnd.git-lfs+json' };
}
