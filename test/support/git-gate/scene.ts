import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Fetched } from '../../../lib/daemons/git-http/server.ts';
import { git, gitOk } from './agent-git.ts';
import { ALL, type GatePlace, openGate } from './open-gate.ts';
import { openHttp } from './open-http.ts';
import { makeUpstream } from './upstream.ts';

/** An upstream, a gate in front of it, and an agent's clone. */
export type Scene = Awaited<ReturnType<typeof makeScene>>;

/** `hasGate`: whether a gate runs in this process. */
export async function makeScene(options: Partial<GatePlace> & { hasGate?: boolean; idleMs?: number } = {}) {
  // Hooks start in half the time.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'compiled');
  const directory = await mkdtemp(join(tmpdir(), 'gate-'));
  const upstream = await makeUpstream(directory);
  const place = { directory, url: upstream.url, ssh: upstream.ssh, push: ALL, ...options };
  const { hasGate = true, idleMs } = options;
  const gate = hasGate ? await openGate(place) : undefined;
  const fetches: Fetched[] = [];
  const { http, url } = await openHttp(place, {
    audit: (fetched) => fetches.push(fetched),
    ...(idleMs === undefined ? {} : { idleMs }),
  });
  const work = join(directory, 'work');

  /** Commits a file in the agent's clone. */
  async function commit(path: string, content: string | Buffer, message = `Change ${path}`): Promise<string> {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), content);
    await gitOk(work, 'add', '--all');
    await gitOk(work, 'commit', '--quiet', '--allow-empty', '-m', message);
    return gitOk(work, 'rev-parse', 'HEAD');
  }

  return {
    ...{ directory, upstream, place, url, work, commit, fetches, http },
    /** Runs git in the agent's clone. */
    git: (...args: string[]) => git(work, ...args),
    clone: () => gitOk(directory, 'clone', '--quiet', `${url}/kit.git`, work),
    /** The audit's lines of pushes. */
    audit: async () => {
      const text = await readFile(join(directory, 'audit'), 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean);
    },
    close: async () => {
      http.closeAllConnections();
      http.close();
      gate?.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
