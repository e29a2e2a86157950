import { connect } from 'node:net';
import type { HostAttack } from './host-attack.ts';
import { asAgent } from './names-attacks.ts';

const PORT = 45_871;

const dialed = (host: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: PORT }, () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'));
  });

export const INBOUND: readonly HostAttack[] = [
  {
    name: 'listen in the guest on all addresses, to be taken for a service of the host',
    as: 'host',
    meets: /listened, ECONNREFUSED/,
    async run(bottle) {
      const alias = bottle.published[0]?.host ?? '';
      const listening = asAgent(
        bottle,
        `exec node -e 'const s = require("net").createServer(() => console.log("came")); s.listen(${PORT}, "0.0.0.0", () => { console.log("listens"); setTimeout(() => process.exit(), 3000) })'`,
      );
      const met = new Set<string>();
      const end = listening.then(({ stdout }) => stdout);
      for (let ended = false; !ended; ) {
        for (const host of ['127.0.0.1', alias]) met.add(await dialed(host));
        ended = await Promise.race([
          end.then(() => true),
          new Promise<boolean>((go) => setTimeout(go, 200, false)),
        ]);
      }
      const said = await end;
      return `${said.includes('listens') ? 'listened' : 'did not listen'}, ${[...met].join(', ')}`;
    },
  },
];
