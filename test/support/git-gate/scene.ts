import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type GitAuditEntry, gitAuditEntry } from '../../../lib/daemons/contract/git-gate/audit.ts';
import { git, gitOk } from './agent-git.ts';
import { ALL, type GatePlace, openGate } from './open-gate.ts';
import { openHttp } from './open-http.ts';
import { makeUpstream } from './upstream.ts';

/** An upstream, a gate in front of it, and an agent's clone. */
export type Scene = Awaited<ReturnType<typeof makeScene>>;

/** `hasGate`: whether a gate runs in this process. */
export async function makeScene(
  options: Partial<GatePlace> & { hasGate?: boolean; idleMs?: number; hash?: string } = {},
) {
  // Hooks start in half the time.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'compiled');
  const directory = await mkdtemp(join(tmpdir(), 'gate-'));
  const upstream = await makeUpstream(directory, options.hash);
  const place = { directory, url: upstream.url, ssh: upstream.ssh, push: ALL, ...options };
  const { hasGate = true, idleMs } = options;
  const gate = hasGate ? await openGate(place) : undefined;
  const { http, url } = await openHttp(place, idleMs === undefined ? {} : { idleMs });
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
    ...{ directory, upstream, place, url, work, commit, http, gate },
    /** Runs git in the agent's clone. */
    git: (...args: string[]) => git(work, ...args),
    clone: () => gitOk(directory, 'clone', '--quiet', `${url}/kit.git`, work),
    /** The lines of the audit. */
    audit: async () => {
      const text = await readFile(join(directory, 'audit'), 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean);
    },
    /** Waits for a line of the audit that is like this one: they are written after the client has its answer. */
    audited: async (like: Partial<GitAuditEntry>): Promise<GitAuditEntry> => {
      const deadline = performance.now() + 5000;
      for (;;) {
        const text = await readFile(join(directory, 'audit'), 'utf8').catch(() => '');
        const entries = text
          .split('\n')
          .filter(Boolean)
          .map((line) => gitAuditEntry.parse(JSON.parse(line)));
        const found = entries.findLast((entry) => isDeepStrictEqual({ ...entry, ...like }, entry));
        if (found !== undefined) return found;
        if (performance.now() > deadline) throw new Error(`no such line in the audit:\n${text}`);
        await setTimeout(20);
      }
    },
    close: async () => {
      http.closeAllConnections();
      http.close();
      gate?.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
