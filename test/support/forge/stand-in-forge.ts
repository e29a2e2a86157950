import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import type { Forge } from '../../../lib/forge/forges.ts';
import { portOf } from '../egress/upstream.ts';
import { leafOf } from '../leaf.ts';
import { giteaRules } from './gitea.ts';
import { githubRules } from './github.ts';
import { gitlabRules } from './gitlab.ts';
import type { Asked, RegisteredKey, Reply, Rules, Site } from './rules.ts';

const RULES: Readonly<Record<Forge, Rules>> = {
  gitea: giteaRules,
  forgejo: giteaRules,
  github: githubRules,
  gitlab: gitlabRules,
};

/** What goes wrong with a request: `hang` gets no response, `cut` loses its connection. */
export type Fault =
  /** The forge does nothing. */
  | { readonly instead: Reply | 'hang' | 'cut' }
  /** The forge does what it is asked, but its response is lost. */
  | { readonly after: Reply | 'hang' | 'cut' };

/** One for all forges of a process, since its key takes long to make. */
const certificates = mintBottleCa('forge').then((ca) => ({
  ca: ca.certificatePem,
  leaf: leafOf(ca, 'localhost', { lifetimeMs: 3_600_000 }),
}));

export const ADMIN_TOKEN = 'forge-admin-f7K2mQ9xLw4Zt8Rb';
export const READ_TOKEN = 'forge-reader-p3N6vY1cHs5Jd0Ge';

/** A forge on localhost, with TLS, that answers as strictly as its documentation reads. */
export class StandInForge implements Site {
  readonly kind: Forge;
  readonly repository: string;
  readonly tokens = new Map([
    [ADMIN_TOKEN, 'admin'],
    [READ_TOKEN, 'read'],
  ] as const);
  readonly keys = new Map<number, RegisteredKey>();
  readonly pageSize = 3;
  /** `METHOD PATH?QUERY` of each request, in order. */
  readonly seen: string[] = [];
  /** What goes wrong with the next requests, one each. */
  readonly faults: Fault[] = [];
  /** What goes wrong with all others. */
  always: Fault | undefined;
  /** Called before a key is registered, and before it is revoked. */
  onAdd: (key: RegisteredKey) => Promise<void> = async () => {};
  onRemove: (key: RegisteredKey) => Promise<void> = async () => {};
  readonly #rules: Rules;
  readonly #directory = mkdtempSync(join(tmpdir(), 'bk-forge-'));
  #server: Server | undefined;
  #lastId = 40;

  constructor(forge: Forge, repository: string) {
    this.kind = forge;
    this.#rules = RULES[forge];
    this.repository = repository;
  }

  get apiUrl(): string {
    if (this.#server === undefined) throw new Error('the forge is not started');
    return `https://localhost:${portOf(this.#server)}${this.#rules.base}`;
  }

  /** PEM file with the roots of this machine and the forge's CA, for `NODE_EXTRA_CA_CERTS`. */
  get roots(): string {
    return join(this.#directory, 'roots.pem');
  }

  get titles(): string[] {
    return [...this.keys.values()].map(({ title }) => title);
  }

  async start(): Promise<this> {
    const { ca, leaf } = await certificates;
    const machine = process.env.NODE_EXTRA_CA_CERTS;
    writeFileSync(this.roots, (machine ? `${readFileSync(machine, 'utf8')}\n` : '') + ca);
    this.#server = createServer(leaf, (request, response) => {
      void this.#handle(request, response);
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async add(key: Omit<RegisteredKey, 'id'>): Promise<RegisteredKey> {
    this.#lastId += 1;
    const registered = { id: this.#lastId, ...key };
    await this.onAdd(registered);
    this.keys.set(registered.id, registered);
    return registered;
  }

  async remove(id: number): Promise<void> {
    const key = this.keys.get(id);
    if (key !== undefined) await this.onRemove(key);
    this.keys.delete(id);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.seen.push(`${method} ${url.replace(this.#rules.base, '')}`);
    const [path = '', query = ''] = url.split('?');
    const asked: Asked = {
      ...{ method, query: new URLSearchParams(query), path: path.replace(this.#rules.base, '') },
      header: (name) => String(request.headers[name] ?? ''),
      text: await text(request),
    };
    const fault = this.faults.shift() ?? this.always;
    if (fault !== undefined && 'instead' in fault) return give(response, fault.instead);
    const known = url.startsWith(`${this.#rules.base}/`);
    const reply = known ? await this.#rules.answer(asked, this) : { status: 404 };
    give(response, fault === undefined ? reply : fault.after);
  }
}

function give(response: ServerResponse, reply: Reply | 'hang' | 'cut'): void {
  if (reply === 'hang') return;
  if (reply === 'cut') {
    response.destroy();
    return;
  }
  const { status, headers = {}, body } = reply;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
}
