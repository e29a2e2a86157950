// The minimum cost of interception with what egress is made of: TLS terminated and re-established, Node's
// HTTP server, undici; nothing is inspected.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:tls';
import { Agent } from 'undici';
import { readAuthority } from '../../../lib/daemons/egress/tls/authority-file.ts';
import { leafIssuer } from '../../../lib/daemons/egress/tls/leaf-issuer.ts';

const [port, caFile = '', worldFile = '', upstreamPort, token] = process.argv.slice(2);
const origin = `https://localhost:${upstreamPort}`;
const pool = new Agent({ allowH2: false, connect: { ca: readFileSync(worldFile) } });

const server = createServer((request, response) => {
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('end', () => {
    const { method = '', url: path = '' } = request;
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const chunks: Buffer[] = [];
    pool.dispatch(
      { origin, method, path, headers, body: Buffer.concat(body) },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, status, received) => void response.writeHead(status, received),
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => void response.end(Buffer.concat(chunks)),
        onResponseError: () => void response.destroy(),
      },
    );
  });
});
const issue = leafIssuer(await readAuthority(caFile));
server.on('connect', async (request, socket) => {
  socket.on('error', () => socket.destroy());
  const leaf = await issue(String(request.url).replace(/:\d+$/, ''));
  const secure = createSecureServer(leaf, (inside) => server.emit('connection', inside));
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  secure.emit('connection', socket);
});
server.listen(Number(port), '127.0.0.1');
