import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import type { RoutesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import type { Timings } from '../../../lib/daemons/supervise/await-decision.ts';
import { Desk } from '../../../lib/daemons/supervise/desk.ts';
import { EgressClient } from '../../../lib/daemons/supervise/egress-client.ts';
import { Proposals } from '../../../lib/daemons/supervise/proposals.ts';
import { createSupervise } from '../../../lib/daemons/supervise/server.ts';
import { testAuthority } from '../egress/authority.ts';
import { startEgress } from '../egress/egress.ts';

/** The bottle of all scenes. */
export const BOTTLE = 'demo-a1b2c';

export interface SceneOptions {
  readonly deniesAll?: boolean;
  readonly timings?: Partial<Timings>;
  /** Routes of an egress that runs beside the daemon; without them there is none. */
  readonly routes?: RoutesFile['routes'];
  /** Takes up the queue of another scene, as a daemon that is started again. */
  readonly queue?: string;
}

const QUICK: Timings = { pollMs: 10, progressMs: 50, answerMs: 10_000, unwatchedMs: 10_000 };

/** Far above what any test but those of the bounds asks for. */
const NO_RATE = { burst: 1000, perSecond: 1000 };

export type Scene = Awaited<ReturnType<typeof makeScene>>;

/** A supervise daemon in this process, its queue at the bottle's place in the home of the test, and an agent's client. */
export async function makeScene(options: SceneOptions = {}) {
  const home = process.env.BOT_BOTTLE_HOME ?? (await mkdtemp(join(tmpdir(), 'supervise-')));
  const queue = options.queue ?? join(home, 'state', BOTTLE, 'supervise', 'queue');
  const audit = join(home, 'audit');
  await mkdir(queue, { recursive: true });
  await mkdir(audit, { recursive: true });
  const { routes } = options;
  const egress =
    routes === undefined ? undefined : await startEgress({ authority: testAuthority('ec'), routes });
  const reports: string[] = [];
  const report = (text: string) => reports.push(text);
  const proposals = await Proposals.open({ directory: queue, bottle: BOTTLE, report, rate: NO_RATE });
  const desk = new Desk({
    ...{ proposals, audit, deniesAll: options.deniesAll === true },
    egress: new EgressClient(egress?.port ?? 1),
    timings: { ...QUICK, ...options.timings },
  });
  const server = createSupervise(desk, report);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const clients: Client[] = [];

  /** Connects as an agent does: `auto` as Claude Code, `legacy` as Codex. */
  async function connectAgent(mode: VersionNegotiationMode = 'auto'): Promise<Client> {
    const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    clients.push(client);
    return client;
  }

  return {
    ...{ queue, audit, url, port, reports, proposals, connectAgent },
    /** Names of the queue's files. */
    files: async () => (await readdir(queue)).toSorted(),
    close: async () => {
      for (const client of clients) await client.close().catch(() => {});
      server.closeAllConnections();
      server.close();
      await egress?.close();
    },
    // A request that was cut off may still write there.
    remove: () => rm(home, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** Calls a tool and returns what the model reads, parsed. */
export async function call(
  client: Client,
  name: string,
  input: Record<string, unknown> = {},
  options: Parameters<Client['callTool']>[1] = {},
) {
  const result = await client.callTool({ name, arguments: input }, { timeout: 20_000, ...options });
  const [content] = result.content;
  if (content?.type !== 'text') throw new Error('the answer is no text');
  const text = content.text;
  return { isError: result.isError === true, text, json: parsed(text) };
}

/** Errors of the SDK about arguments are plain text. */
function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
