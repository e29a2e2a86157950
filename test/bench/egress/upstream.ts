// The upstream of every engine: HTTPS on a loopback port, which it reports to its parent. Requires the token.
import { createServer } from 'node:https';

const [cert, key, token] = ['BENCH_CERT', 'BENCH_KEY', 'BENCH_TOKEN'].map((name) => process.env[name] ?? '');
const ANSWER = JSON.stringify({
  id: 'item-4711',
  status: 'created',
  note: 'kept in the store of the bench, which forgets it at once',
  links: { self: '/v1/items/4711', next: '/v1/items/4712' },
  took_ms: 3,
});
const CHUNK = Buffer.alloc(64 * 1024, 'all play and no work makes a long answer. ');

const server = createServer({ cert, key }, (request, response) => {
  if (request.headers.authorization !== `Bearer ${token}`) {
    request.resume();
    response.writeHead(401, { 'content-length': 0 }).end();
    return;
  }
  const wanted = /^\/v1\/down\/(\d+)$/.exec(request.url ?? '')?.[1];
  if (wanted !== undefined) {
    let left = Number(wanted);
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': left });
    const send = () => {
      while (left > 0) {
        const part = CHUNK.subarray(0, Math.min(left, CHUNK.length));
        left -= part.length;
        if (!response.write(part)) return void response.once('drain', send);
      }
      response.end();
    };
    send();
    return;
  }
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length });
    response.end(ANSWER);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('disconnect', () => process.exit(0));
