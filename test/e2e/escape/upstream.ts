// Plays hosts of the internet for the attacks: node main.mjs DIRECTORY. See `test/support/stand-in.ts`.
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { text } from 'node:stream/consumers';

const [directory = '.'] = process.argv.slice(2);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '', method, headers, rawHeaders } = request;
  // Before the body: a request that never ends has arrived, too.
  const heard = { host: headers.host, url, method, rawHeaders };
  appendFileSync(`${directory}/requests.jsonl`, `${JSON.stringify(heard)}\n`);
  if (url.startsWith('/open-end/')) return void response.write('open\n');
  const body = await text(request);
  const { authorization = '' } = headers;
  if (url.startsWith('/echo?') || url === '/echo')
    return void response.end(JSON.stringify({ headers, body }));
  if (url.startsWith('/echo-base64')) return void response.end(Buffer.from(authorization).toString('base64'));
  if (url.startsWith('/echo-header')) return void response.writeHead(200, { 'x-echo': authorization }).end();
  if (url.startsWith('/echo-redirect')) {
    return void response.writeHead(302, { location: `https://allowed.example/?t=${authorization}` }).end();
  }
  if (url.startsWith('/facts')) {
    const credential = createHash('sha256').update(authorization).digest('hex');
    return void response.end(JSON.stringify({ credential, names: Object.keys(headers), method, url }));
  }
  response.end('hello\n');
}

const handle = (request: IncomingMessage, response: ServerResponse) =>
  void answer(request, response).catch(() => {});
const pem = readFileSync(`${directory}/leaf.pem`);
createServer(handle).listen(80, () => {
  createSecureServer({ key: pem, cert: pem }, handle).listen(443, () => process.stdout.write('listening\n'));
});
