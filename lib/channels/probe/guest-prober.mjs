// Runs in the guest as the agent's user, piped into `node -`: plain JavaScript that imports only Node's
// modules. The host prepends `const targets = […]`. Prints the outcomes as one JSON array.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** For what must fail; a reachable target responds at once. */
const SILENCE_MS = 2000;
/** For what must work; a host that starts eight bottles at once is slow. */
const PATIENCE_MS = 20_000;

/** Resolves to the outcome; `timeout` for a target that does not respond. */
function within(attempt, timeoutMs = SILENCE_MS) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ outcome: 'timeout' }), timeoutMs);
    attempt((outcome, detail) => {
      clearTimeout(timer);
      resolve({ outcome, detail });
    });
  });
}

const tries = {
  tcp: ({ host, port }) =>
    within((done) => {
      const socket = connect({ host, port });
      socket.on('connect', () => done('connected')).on('error', (error) => done('failed', error.code));
    }),

  dnsServer: ({ host, port }) =>
    within((done) => {
      // A query for the root's name servers: valid, and reveals nothing.
      const query = Buffer.from('b0b0010000010000000000000000020001', 'hex');
      const socket = createSocket('udp4');
      socket.on('message', () => done('answered')).on('error', (error) => done('failed', error.code));
      socket.send(query, port, host, (error) => error && done('failed', error.code));
    }),

  lookup: ({ host }) =>
    within((done) => {
      lookup(host).then(
        ({ address }) => done('answered', address),
        (error) => done('failed', error.code),
      );
    }),

  refusal: ({ host }) =>
    within((done) => {
      const proxy = new URL(process.env.HTTPS_PROXY);
      const authority = `${host}:443`;
      const tunnel = request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: authority });
      tunnel.on('error', (error) => done('failed', error.code)).end();
      tunnel.on('connect', (response, socket) => {
        socket.destroy();
        done(`http ${response.statusCode}`);
      });
    }, PATIENCE_MS),

  selftest: ({ host, path }) =>
    within((done) => {
      const proxy = new URL(process.env.HTTPS_PROXY);
      const authority = `${host}:443`;
      const tunnel = request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: authority });
      tunnel.on('error', (error) => done('failed', error.code)).end();
      tunnel.on('response', (response) => done('failed', `CONNECT: HTTP ${response.statusCode}`));
      tunnel.on('connect', (response, socket) => {
        if (response.statusCode !== 200) return done('failed', `CONNECT: HTTP ${response.statusCode}`);
        // Trusts only the system's store, which proves that the CA was provisioned.
        const ca = readFileSync(process.env.SSL_CERT_FILE, 'utf8');
        const secure = connectTls({ socket, servername: host, ca });
        secure.on('error', (error) => done('failed', error.code ?? error.message));
        // Without an explicit Host header, Node would add the port to it.
        const fetched = request(
          { host, path, headers: { host }, createConnection: () => secure },
          (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (chunk) => {
              body += chunk;
            });
            response.on('end', () => done(`http ${response.statusCode}`, body.slice(0, 1000)));
          },
        );
        fetched.on('error', (error) => done('failed', error.code)).end();
      });
    }, PATIENCE_MS),
};

const results = await Promise.all(
  targets.map(async (target) => ({ name: target.name, ...(await tries[target.try](target)) })),
);
process.stdout.write(JSON.stringify(results), () => process.exit(0));
