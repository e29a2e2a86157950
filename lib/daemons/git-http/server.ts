import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { COMPILE_CACHE_ENV } from '../contract/daemon.ts';
import { GATE_PUSH_ENV, GATE_SOCKET_ENV, type RequestEnd } from '../contract/git-gate/control.ts';
import type { GateRepo } from '../contract/git-gate/repos.ts';
import { runBackend } from './backend.ts';
import { type BackendPlace, cgiEnvironment } from './cgi-environment.ts';
import { openPush, refreshMirror, reportEnd } from './gate-client.ts';
import { BodyHead, hasPack, wantsIn } from './heads.ts';
import { refuse } from './refuse.ts';
import { type GitRequest, route } from './route.ts';
import { Turnstile } from './turnstile.ts';

export interface GitHttpOptions extends BackendPlace {
  readonly repos: readonly GateRepo[];
  /** Path of git-gate's socket. */
  readonly control: string;
  /** Milliseconds; default `IDLE_MS`. */
  readonly idleMs?: number;
}

/** Milliseconds. Git says something every five seconds while it waits for a hook, but not while it unpacks. */
const IDLE_MS = 10 * 60_000;

/** How many processes of git run at once, and how many of them for pushes, which start more processes. */
const MAX_PARALLEL = 16;
const MAX_PUSHES = 4;

const MAX_CONNECTIONS = 128;

/** Creates the server, not yet listening. */
export function createGitHttp(options: GitHttpOptions): Server {
  const repos = new Map(options.repos.map((repo) => [repo.name, repo]));
  const all = new Turnstile(MAX_PARALLEL);
  const pushes = new Turnstile(MAX_PUSHES);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const routed = route(request.method ?? '', request.url ?? '', repos);
    if ('status' in routed) {
      refuse(response, routed);
      if (routed.deniedPush !== undefined)
        await reportRefusal(routed.deniedPush, 'push', 'deny', routed.text);
      return;
    }
    // Answers of unknown length would look whole wherever they end.
    if (request.httpVersion !== '1.1')
      return refuse(response, { status: 403, text: 'git gate: use HTTP/1.1' });
    if (routed.isFirst) {
      // Before anything is told: here git shows why there is nothing.
      const { ok, text } = await refreshMirror(options.control, routed.repo.name);
      if (!ok) {
        refuse(response, { status: 503, text });
        await reportRefusal(routed.repo.name, eventOf(routed), 'fail', text);
        return;
      }
    }
    const isPush = routed.service === 'git-receive-pack' && !routed.isFirst;
    const leavePushes = isPush ? await pushes.enter() : () => {};
    const leave = await all.enter();
    try {
      if (response.closed) return;
      if (isPush) await push(routed, request, response);
      else await fetch(routed, request, response);
    } finally {
      leave();
      leavePushes();
    }
  }

  function reportRefusal(
    repo: string,
    event: RequestEnd['event'],
    verdict: RequestEnd['verdict'],
    reason: string,
  ): Promise<void> {
    const nothing = { wants: [], sent: 0, received: 0, ms: 0 };
    return reportEnd(options.control, { event, repo, verdict, reason, ...nothing });
  }

  async function push(routed: GitRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const announced = await openPush(options.control, routed.repo.name);
    const environment = {
      ...cgiEnvironment(routed, request, options),
      [GATE_SOCKET_ENV]: options.control,
      [GATE_PUSH_ENV]: announced.id,
      ...compileCache(),
    };
    const mayEnd = () => !announced.isForwarding();
    const outcome = await runBackend(request, response, { environment, idleMs: idleOf(options), mayEnd });
    announced.end({ sent: outcome.sent, received: outcome.received });
  }

  async function fetch(
    routed: GitRequest,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const start = performance.now();
    const [asked, answered] = [new BodyHead(), new BodyHead()];
    const { ok, sent, received } = await runBackend(request, response, {
      environment: cgiEnvironment(routed, request, options),
      idleMs: idleOf(options),
      mayEnd: () => true,
      onSent: (chunk) => asked.add(chunk),
      onReceived: (chunk) => answered.add(chunk),
    });
    const wants = wantsIn(asked.bytes(), request.headers['content-encoding'] !== undefined);
    if (routed.isFirst || wants.length === 0 || (ok && !hasPack(answered.bytes()))) return;
    await reportEnd(options.control, {
      ...{ event: 'fetch', repo: routed.repo.name, verdict: ok ? 'allow' : 'fail' },
      ...{ reason: ok ? null : 'the connection ended early', wants, sent, received, ms: msSince(start) },
    });
  }

  const server = createServer({
    // A slow upload of a large push is none that hangs: `runBackend` bounds the time without a byte.
    requestTimeout: 0,
    headersTimeout: 20_000,
    maxHeaderSize: 16 * 1024,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  return server;
}

/** For the hooks, which Node runs. */
function compileCache(): Record<string, string> {
  const directory = process.env[COMPILE_CACHE_ENV];
  return directory === undefined ? {} : { [COMPILE_CACHE_ENV]: directory };
}

const eventOf = ({ service }: GitRequest) => (service === 'git-receive-pack' ? 'push' : 'fetch');

const idleOf = ({ idleMs = IDLE_MS }: GitHttpOptions) => idleMs;

const msSince = (start: number) => Math.round(performance.now() - start);
