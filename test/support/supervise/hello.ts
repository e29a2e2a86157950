// A web server that says hello: node main.mjs DIRECTORY. See `stand-in.ts` for what it is given and what it writes.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [directory = '.'] = process.argv.slice(2);
const pem = readFileSync(`${directory}/leaf.pem`);
const server = createServer({ key: pem, cert: pem }, ({ url, method }, response) => {
  appendFileSync(`${directory}/requests.jsonl`, `${JSON.stringify({ url, method })}\n`);
  response.write('hello\n');
  // What is below /open/ never ends by itself.
  if (!url?.startsWith('/open/')) response.end();
});
server.listen(443, () => process.stdout.write('listening\n'));
