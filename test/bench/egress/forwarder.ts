// The least that intercepting costs in Node: TLS ended and begun anew, its HTTP client and server, nothing looked at.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request as send } from 'node:https';
import { createServer as createSecureServer } from 'node:tls';
import { readAuthority } from '../../../lib/daemons/egress/authority-file.ts';
import { leafIssuer } from '../../../lib/daemons/egress/leaf-issuer.ts';

const [port, caFile = '', worldFile = '', upstreamPort, token] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, ca: readFileSync(worldFile) });

const server = createServer((request, response) => {
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('end', () => {
    const { method, url: path } = request;
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const outgoing = send({ agent, host: 'localhost', port: upstreamPort, method, path, headers });
    outgoing.on('error', () => response.destroy());
    outgoing.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.end(Buffer.concat(chunks));
      });
    });
    outgoing.end(Buffer.concat(body));
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
