// Forwards connections byte for byte, from the bottle's Unix sockets on the host to the bundle's published ports. A
// process of its own: plain JavaScript that imports only Node's modules and its own.
//
//   node relay.mjs READY_FILE [--until DIRECTORY] [--idle MS] [--half-closed MS] SOCKET=RECORD#DAEMON...
//
// RECORD is the record of discover-urls. It is read for each connection, so that a restarted bundle is found.
// The relay writes its PID to READY_FILE once every socket listens. With --until, it exits when that
// directory is gone. --idle and --half-closed are for tests; `connections.mjs` has the limits.
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createConnections } from './connections.mjs';

const ORPHAN_CHECK_MS = 5_000;

/** Returns `net.connect` options for a target. @throws while the record does not name its daemon. */
function locate(target) {
  const [path, daemon] = splitOnce(target, '#');
  const { published } = JSON.parse(readFileSync(path, 'utf8')).data;
  const { host, port } = published.find((entry) => entry.daemon === daemon);
  return { host, port };
}

function splitOnce(text, separator) {
  const index = text.indexOf(separator);
  return [text.slice(0, index), text.slice(index + separator.length)];
}

/** Forwards each side's end separately: a client that has finished sending may still await a response. */
function join(client, target) {
  client.on('error', () => client.destroy());
  if (!connections.makeRoom(target)) {
    client.destroy();
    return;
  }
  let upstream;
  try {
    upstream = connect({ ...locate(target), allowHalfOpen: true });
  } catch {
    client.destroy();
    return;
  }
  connections.add(target, client, upstream);
  const pairs = [
    [client, upstream],
    [upstream, client],
  ];
  for (const [from, to] of pairs) {
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroySoon());
    from.pipe(to);
  }
}

async function listen(path, target) {
  const server = createServer({ allowHalfOpen: true }, (client) => join(client, target));
  rmSync(path, { force: true });
  await new Promise((resolve, reject) => server.once('error', reject).listen({ path }, resolve));
  chmodSync(path, 0o600);
  server.removeAllListeners('error').on('error', () => {});
}

const [readyFile, ...rest] = process.argv.slice(2);
const option = (name) => (rest[0] === `--${name}` ? rest.splice(0, 2)[1] : undefined);
const until = option('until');
const [idle, halfClosed] = ['idle', 'half-closed']
  .map((name) => option(name))
  .map((text) => text && Number(text));
const connections = createConnections({ idleMs: idle, halfClosedMs: halfClosed });
// A closed terminal or a Ctrl-C meant for the launch must not stop the relay: the launch's teardown does.
for (const signal of ['SIGHUP', 'SIGINT']) process.on(signal, () => {});
await Promise.all(rest.map((pair) => listen(...splitOnce(pair, '='))));
writeFileSync(`${readyFile}.tmp`, String(process.pid));
renameSync(`${readyFile}.tmp`, readyFile);
if (until !== undefined) setInterval(() => existsSync(until) || process.exit(0), ORPHAN_CHECK_MS);
