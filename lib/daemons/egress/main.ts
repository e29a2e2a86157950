import { once } from 'node:events';
import { isIPv6, type Server } from 'node:net';
import { daemonPort } from '../contract/daemons.ts';
import type { ReloadReply } from '../contract/egress/reload.ts';
import { SLUG_ENV } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { SUPERVISE_MODE_ENV } from '../contract/supervise/environment.ts';
import { listenForReload } from '../shared/reload-socket.ts';
import { openAudit } from './audit/open-audit.ts';
import { HELP, readCommandLine, type Settings, UsageError } from './command-line.ts';
import { DEADLINES } from './http/limits.ts';
import { CHECK_MS, idleMemory } from './idle-memory.ts';
import { supervisedBy } from './outbound/ask-supervise.ts';
import { ValueMarks } from './outbound/value-marks.ts';
import { GrantUses } from './policy/grant-uses.ts';
import { KnownSecrets } from './policy/known-secrets.ts';
import { PolicyFile, reloadLine } from './policy/policy-file.ts';
import { takeReplacedTokens } from './policy/replaced-tokens.ts';
import { readTokens } from './policy/tokens.ts';
import { createEgress } from './server.ts';
import { readAuthority } from './tls/authority-file.ts';
import { threadedLeafIssuer } from './tls/leaf-thread.ts';
import { readUpstreamProxy } from './upstream/upstream-proxy-settings.ts';
import { Upstreams } from './upstream/upstreams.ts';
import { LEAF_WORKER } from './workers.ts';

/** Milliseconds for connections that were cut off to close and to be logged. */
const LAST_LINES_MS = 50;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function start(settings: Settings): Promise<void> {
  const tokens = readTokens(process.env);
  for (const slot of tokens.unusable) {
    say(`slot ${slot} holds characters that no header can carry; its routes are blocked`);
  }
  const secrets = new KnownSecrets(tokens.values.values());
  const takeTokens = async () => {
    if (settings.slots === undefined) return;
    const changed = await takeReplacedTokens(settings.slots, tokens.values, secrets);
    if (changed.length > 0) say(`tokens replaced: ${changed.join(', ')}`);
  };
  const reload = () => takeTokens().then(() => policy.reload());
  await takeTokens();
  const policy = new PolicyFile(settings.routes, new Set(tokens.values.keys()));
  process.on('SIGHUP', () => void reload().then((reply) => say(reloadLine(reply))));

  const proxyFlags = { proxy: settings.upstreamProxy, ca: settings.upstreamCa };
  const [authority, proxy] = await Promise.all([
    readAuthority(settings.ca).catch(naming('--ca', settings.ca)),
    readUpstreamProxy(proxyFlags, process.env),
    policy.load().catch(naming('--routes', settings.routes)),
  ]);
  const upstreams = new Upstreams({
    deadlines: DEADLINES,
    selftest: { port: daemonPort('selftest'), certificate: CONTAINER_PATHS.selftestCertificate },
    proxy,
  });
  const source = { policy: () => policy.current, generation: () => policy.generation };
  const audit = await openAudit({
    directory: settings.audit,
    bottle: process.env[SLUG_ENV] ?? null,
    findKnown: secrets.find,
    policy: source,
    say,
  });
  const server = createEgress({
    ...source,
    onPolicyChange: (listener) => policy.onChange(listener),
    tokens: tokens.values,
    secrets,
    issue: threadedLeafIssuer(authority, LEAF_WORKER),
    upstreams,
    deadlines: DEADLINES,
    audit: audit.log,
    ...(settings.audit === '-' ? {} : { uses: await GrantUses.open(settings.audit) }),
    isUnattended: process.env[SUPERVISE_MODE_ENV] === 'deny',
    ...(settings.run === undefined ? {} : { marks: await ValueMarks.open(settings.run) }),
    ...(settings.supervise === undefined ? {} : { approver: supervisedBy(settings.supervise) }),
  });
  // Requests that were cut off, or that ended at the last moment, still get their audit line.
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
  if (settings.control !== undefined) await openControl(settings.control, reload);
  setInterval(idleMemory(), CHECK_MS).unref();
  const { host, port } = settings.listen;
  server.listen(port, host);
  await once(server, 'listening');
  const through = proxy === undefined ? '' : `, all through the upstream proxy ${proxy.host}:${proxy.port}`;
  const address = `${isIPv6(host) ? `[${host}]` : host}:${portOf(server) ?? port}`;
  say(`listening on ${address}, ${policy.summary}${through}`);
  upstreams.prepare();
}

async function openControl(path: string, reload: () => Promise<ReloadReply>): Promise<void> {
  try {
    const control = await listenForReload(path, reload);
    control.unref();
  } catch {
    // The system reports "permission denied" in both cases.
    throw new Error(`--control ${path}: its directory is not there, or may not be written to`);
  }
}

/** The actual port, where the system chose one. */
function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

/** Makes an error name the flag of the file that cannot be read. */
function naming(flag: string, path: string): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const fault = READ_FAULTS[code];
    throw fault === undefined ? error : new Error(`${flag} ${path}: ${fault}`);
  };
}

try {
  const settings = readCommandLine(process.argv.slice(2));
  if (settings === 'help') process.stdout.write(HELP);
  else await start(settings);
} catch (error) {
  say(`fatal: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
