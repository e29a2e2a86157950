import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';

// A daemon for tests: behaves as its environment says and records what happens to it.
const { PORT, JOURNAL, BEHAVIOR = '' } = process.env;
const note = (event) => appendFileSync(JOURNAL, `${event}\n`);

note(`start ${Object.keys(process.env).sort().join(',')}`);
process.on('SIGHUP', () => note('HUP'));
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    note(signal);
    if (BEHAVIOR === 'stubborn') return;
    console.log('last words');
    process.exit(0);
  });
}
if (BEHAVIOR === 'dies') {
  console.error('cannot go on');
  process.exit(7);
}
createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => process.exit(9));
}).listen(Number(PORT), '127.0.0.1');
process.stdout.write('half a ');
setTimeout(() => process.stdout.write('line\nsecond line\n'), 20);
