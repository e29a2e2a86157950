import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { GuestAttack } from '../attack.ts';
import { ALLOWED, get, proxyAddress, secured, tunnel } from '../guest/proxy.ts';
import { call } from './daemons.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Milliseconds for a connection to be taken. */
const TAKEN_MS = 3_000;
/** Milliseconds within which egress must serve again. */
const AGAIN_MS = 15_000;

/** Opens connections, each with these bytes. @returns those that opened. */
async function open(to: { host: string; port: number }, count: number, bytes = ''): Promise<Socket[]> {
  const opened = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket | undefined>((resolve) => {
          const socket = connect(to, () => {
            if (bytes !== '') socket.write(bytes);
            resolve(socket);
          });
          socket.on('error', () => resolve(undefined));
          // Whoever is not taken tries again for minutes.
          setTimeout(() => socket.connecting && socket.destroy(new Error('not taken')), TAKEN_MS);
        }),
    ),
  );
  return opened.filter((socket) => socket !== undefined);
}

/** Waits until egress serves a request. @returns its status, or that of the last attempt. */
async function servedAgain(): Promise<string> {
  const until = Date.now() + AGAIN_MS;
  for (;;) {
    const status = await get('/');
    if (status === '200' || Date.now() > until) return status;
    await sleep(200);
  }
}

/** Whether the other side has closed them all within this time. */
async function closed(sockets: readonly Socket[], ms: number): Promise<string> {
  for (const socket of sockets) socket.resume();
  const until = Date.now() + ms;
  while (sockets.some(({ closed }) => !closed) && Date.now() < until) await sleep(200);
  const left = sockets.filter(({ closed }) => !closed).length;
  for (const socket of sockets) socket.destroy();
  return left === 0 ? 'all closed' : `${left} still open`;
}

/** More than egress has room for; whoever keeps to the rules is served meanwhile, or soon. */
export const FLOODS: readonly GuestAttack[] = [
  {
    name: 'flood: connections that never finish their first request',
    as: 'agent',
    meets: /meanwhile 200, then all closed/,
    run: async () => {
      const sockets = await open(proxyAddress(), 120, `CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: `);
      const meanwhile = await servedAgain();
      return `meanwhile ${meanwhile}, then ${await closed(sockets, 45_000)}`;
    },
  },
  {
    name: 'flood: tunnels in which nothing is said',
    as: 'agent',
    meets: /meanwhile 200, then all closed/,
    run: async () => {
      const tunnels = await Promise.all(Array.from({ length: 120 }, () => tunnel(`${ALLOWED}:443`)));
      const meanwhile = await servedAgain();
      const sockets = tunnels.filter((each) => typeof each !== 'string');
      if (sockets.length === 0) return 'no tunnel opened';
      return `meanwhile ${meanwhile}, then ${await closed(sockets, 45_000)}`;
    },
  },
  {
    name: 'flood: tunnels to names that never existed, for which leaves would be made',
    as: 'agent',
    meets: /some refused at once, then 200/,
    run: async () => {
      const names = Array.from({ length: 100 }, (_, index) => `n${index}.flood.example:443`);
      const tunnels = await Promise.all(names.map((name) => tunnel(name)));
      for (const each of tunnels) if (typeof each !== 'string') each.destroy();
      const refused = tunnels.some((each) => each === '403 host-unlisted');
      return `${refused ? 'some' : 'none'} refused at once, then ${await servedAgain()}`;
    },
  },
  {
    name: 'flood: HTTP/2 streams that are reset at once (rapid reset)',
    as: 'agent',
    meets: /cut off, then 200/,
    run: async () => {
      const stream = await secured({ ALPNProtocols: ['h2'] });
      if (typeof stream === 'string') return stream;
      const session = connectHttp2(`https://${ALLOWED}`, { createConnection: () => stream });
      const ended = new Promise((resolve) => session.once('close', resolve));
      session.on('error', () => {});
      const until = Date.now() + AGAIN_MS;
      while (!session.closed && !session.destroyed && Date.now() < until) {
        for (let count = 0; count < 50; count += 1) {
          const sent = session.request({ ':path': '/', ':authority': ALLOWED });
          sent.on('error', () => {});
          sent.close(8);
        }
        await sleep(5);
      }
      const isOver = await Promise.race([ended.then(() => true), sleep(2_000).then(() => session.closed)]);
      session.destroy();
      return `${isOver ? 'cut off' : 'not cut off'}, then ${await servedAgain()}`;
    },
  },
  {
    name: 'flood: a thousand connections at once, held open',
    as: 'agent',
    alone: true,
    meets: /held, then 200/,
    run: async () => {
      const sockets = await open(proxyAddress(), 1000, 'GET ');
      // As long as the neighbor needs to be asked.
      await sleep(5_000);
      for (const socket of sockets) socket.destroy();
      return `${sockets.length >= 100 ? 'held' : `only ${sockets.length} held`}, then ${await servedAgain()}`;
    },
  },
  {
    name: 'flood: another bottle’s, while this one asks for a page',
    as: 'agent',
    group: 'neighbor',
    meets: /200/,
    run: async () => {
      await sleep(2_000);
      return get('/');
    },
  },
  {
    name: 'flood: more connections to supervise than it takes',
    as: 'agent',
    alone: true,
    meets: /held, then .*"status":.*/,
    run: async () => {
      const { hostname, port } = new URL(process.env.MCP_SUPERVISE_URL ?? 'http://x:1');
      const sockets = await open({ host: hostname, port: Number(port) }, 300, 'POST / HTTP/1.1\r\n');
      await sleep(1_000);
      for (const socket of sockets) socket.destroy();
      await sleep(500);
      return `${sockets.length > 100 ? 'held' : `only ${sockets.length} held`}, then ${await call('notify', { message: 'after the flood' })}`;
    },
  },
  {
    name: 'flood: more proposals than a person could read',
    as: 'agent',
    alone: true,
    meets: /[0-9]{1,2} taken, the rest refused: .*/,
    run: async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => call('notify', { message: `message ${index}` })),
      );
      const refused = answers.filter((answer) => answer.startsWith('refused: '));
      return `${answers.length - refused.length} taken, the rest refused: ${refused[0] ?? 'none was'}`;
    },
  },
];
