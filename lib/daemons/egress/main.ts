import { once } from 'node:events';
import { rsaKeyPair } from '../certificates/rsa-key-pair.ts';
import { DAEMON_PORTS } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { jsonAccessLog } from './access-log.ts';
import { readAuthority } from './authority-file.ts';
import { leafIssuer } from './leaf-issuer.ts';
import { DEADLINES } from './limits.ts';
import { PolicyFile } from './policy-file.ts';
import { createEgress } from './server.ts';
import { readTokens } from './tokens.ts';
import { Upstreams } from './upstreams.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

async function start(): Promise<void> {
  const keys = rsaKeyPair();
  const tokens = readTokens(process.env);
  for (const slot of tokens.unusable) {
    say(`slot ${slot} holds characters that no header can carry; its routes are blocked`);
  }
  const policy = new PolicyFile(CONTAINER_PATHS.routes, new Set(tokens.values.keys()));
  process.on('SIGHUP', () => void policy.reload().then(say));

  const [authority] = await Promise.all([readAuthority(CONTAINER_PATHS.caWithKey), policy.load()]);
  const upstreams = new Upstreams({
    deadlines: DEADLINES,
    selftest: { port: DAEMON_PORTS.selftest, certificate: CONTAINER_PATHS.selftestCertificate },
  });
  const server = createEgress({
    policy: () => policy.current,
    tokens: tokens.values,
    issue: leafIssuer(authority, keys),
    upstreams,
    deadlines: DEADLINES,
    log: jsonAccessLog((line) => process.stdout.write(line)),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
      setTimeout(() => process.exit(0), DEADLINES.drainMs);
    });
  }
  server.listen(DAEMON_PORTS.egress, '0.0.0.0');
  await once(server, 'listening');
  say(`listening on ${DAEMON_PORTS.egress}, ${policy.summary}`);
}

try {
  await start();
} catch (error) {
  say(`fatal: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
