import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { daemonPort } from '../contract/daemons.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { SELFTEST_HOST } from '../contract/selftest/selftest.ts';
import { runDaemon } from '../shared/run-daemon.ts';
import { answerProof } from './answer-proof.ts';
import { selfSigned } from './self-signed.ts';

/** On loopback only: no neighbor on the bridge can ask, so every question has come through egress. */
async function start(): Promise<undefined> {
  const { cert, key } = selfSigned(SELFTEST_HOST);
  const temporary = `${CONTAINER_PATHS.selftestCertificate}.new`;
  await writeFile(temporary, cert, { mode: 0o644 });
  await rename(temporary, CONTAINER_PATHS.selftestCertificate);

  const server = createServer({ cert, key }, (request, response) => {
    const { status, body } = answerProof(request.method, request.url, request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(`${JSON.stringify(body)}\n`);
  });
  server.listen(daemonPort('selftest'), '127.0.0.1');
  await once(server, 'listening');
}

await runDaemon(start);
