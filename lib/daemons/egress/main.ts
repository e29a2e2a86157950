import { once } from 'node:events';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { DAEMON_PORTS, SLUG_ENV } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { openAudit } from './audit/open-audit.ts';
import { readAuthority } from './authority-file.ts';
import { idleMemory, LOOK_MS } from './idle-memory.ts';
import { threadedLeafIssuer } from './leaf-thread.ts';
import { DEADLINES } from './limits.ts';
import { PolicyFile, reloadLine } from './policy-file.ts';
import { listenForReload } from './reload-socket.ts';
import { createEgress } from './server.ts';
import { readTokens } from './tokens.ts';
import { readUpstreamProxy } from './upstream-proxy-settings.ts';
import { Upstreams } from './upstreams.ts';

const { values: flags } = parseArgs({
  options: {
    routes: { type: 'string', default: CONTAINER_PATHS.routes },
    ca: { type: 'string', default: CONTAINER_PATHS.caWithKey },
    listen: { type: 'string', default: `0.0.0.0:${DAEMON_PORTS.egress}` },
    audit: { type: 'string', default: CONTAINER_PATHS.audit },
    control: { type: 'string', default: CONTAINER_PATHS.egressControl },
    'upstream-proxy': { type: 'string' },
    'upstream-ca': { type: 'string' },
  },
});

/** Milliseconds that connections which were cut off get to close, and to be written down. */
const LAST_LINES_MS = 50;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function start(): Promise<void> {
  const tokens = readTokens(process.env);
  for (const slot of tokens.unusable) {
    say(`slot ${slot} holds characters that no header can carry; its routes are blocked`);
  }
  const policy = new PolicyFile(flags.routes, new Set(tokens.values.keys()));
  process.on('SIGHUP', () => void policy.reload().then((reply) => say(reloadLine(reply))));

  const hop = { proxy: flags['upstream-proxy'], ca: flags['upstream-ca'] };
  const [authority, proxy] = await Promise.all([
    readAuthority(flags.ca),
    readUpstreamProxy(hop, process.env),
    policy.load(),
  ]);
  const upstreams = new Upstreams({
    deadlines: DEADLINES,
    selftest: { port: DAEMON_PORTS.selftest, certificate: CONTAINER_PATHS.selftestCertificate },
    proxy,
  });
  const source = { policy: () => policy.current, generation: () => policy.generation };
  const audit = await openAudit({
    directory: flags.audit,
    bottle: process.env[SLUG_ENV] ?? null,
    secrets: tokens.values.values(),
    policy: source,
    say,
  });
  const server = createEgress({
    ...source,
    onPolicyChange: (listener) => policy.onChange(listener),
    tokens: tokens.values,
    issue: threadedLeafIssuer(authority),
    upstreams,
    deadlines: DEADLINES,
    audit: audit.log,
  });
  // What was cut off, or ended at the last moment, still gets its line.
  const end = () => setTimeout(() => void audit.close().then(() => process.exit(0)), LAST_LINES_MS);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close(end);
      server.closeIdleConnections();
      setTimeout(() => {
        server.closeAllConnections();
        end();
      }, DEADLINES.drainMs);
    });
  }
  const control = await listenForReload(flags.control, () => policy.reload());
  control.unref();
  setInterval(idleMemory(), LOOK_MS).unref();
  const { host, port } = listenAddress(flags.listen);
  server.listen(port, host);
  await once(server, 'listening');
  const through = proxy === undefined ? '' : `, all through the upstream proxy ${proxy.host}:${proxy.port}`;
  say(`listening on ${flags.listen}, ${policy.summary}${through}`);
  upstreams.prepare();
}

/** @throws Error when the text is no `ADDRESS:PORT`, such as `127.0.0.1:9099` or `[::1]:9099`. */
function listenAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([0-9.]+)):([0-9]{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || isIP(host) === 0) throw new Error(`--listen ${text}: write ADDRESS:PORT`);
  return { host, port: Number(match?.[3]) };
}

try {
  await start();
} catch (error) {
  say(`fatal: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
