import type { GuestAttack } from '../attack.ts';
import { dial, resolveName } from '../guest/dial.ts';
import { python, run, sh } from '../guest/programs.ts';
import { ALLOWED, askPlain, get, overHttp2, proxyAddress } from '../guest/proxy.ts';
import { call } from './daemons.ts';
import { framed, head } from './smuggling-http2.ts';

const control = (name: string, meets: RegExp, run: GuestAttack['run']): GuestAttack => ({
  ...{ name: `control: ${name}`, as: 'agent', meets, run },
});

/** What must work, by the same means as the attacks: a failure of these would make theirs worthless. */
export const CONTROLS: readonly GuestAttack[] = [
  control('connect to the own egress', /connected/, () => dial(proxyAddress())),
  control('resolve a name of the hosts file', /resolved to (?:127\.0\.0\.1|::1)/, () =>
    resolveName('localhost'),
  ),
  control('run Python', /fine/, () => python(`return 'fine'`)),
  control('name an error in Python', /ENOENT/, () => python(`open('/nowhere')`)),
  control('run a shell', /fine/, () => sh('echo fine')),
  control('get a page with curl by the proxy', /exit 0/, async () => {
    const { code } = await run('curl', ['-sS', '-m', '30', `https://${ALLOWED}/`]);
    return `exit ${code}`;
  }),
  control('get a page by HTTP/1.1', /200/, () => get('/')),
  control('get a page by HTTP/2', /200/, () => overHttp2({ ':authority': ALLOWED })),
  control('get a page by HTTP/2 of our own frames', /responded 200/, () => framed(head('/'))),
  control('get a plain page', /200/, () => askPlain('http://plain.example/')),
  control('get what a path allows', /200/, () => get('/open/x', 'paths.example')),
  control('get a host below a wildcard', /200/, () => get('/', 'a.wild.example')),
  control('ask supervise', /.*allowed\.example.*/, () => call('list-egress-routes', {})),
];
