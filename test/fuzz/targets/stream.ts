import { decide } from '../../../lib/daemons/egress/policy/decide.ts';
import { claim } from '../claim.ts';
import { HOST_PARTS, PATH_PARTS } from './parts.ts';
import { calm, policy } from './policy.ts';
import type { Target } from './target.ts';

/**
 * Like `head`, for HTTP/2: there, a request may give two host names, and no admitted header may affect
 * framing in HTTP/1.1.
 */
export const stream: Target = (random) => {
  const authority = random.pick([undefined, 'a.example.com', random.text(HOST_PARTS, 3)]);
  const host = random.pick([undefined, 'a.example.com', random.text(HOST_PARTS, 3)]);
  const header = random.text(['x', '-', ':', ' ', '\r\n', '\0', 'A', 'transfer-encoding', 'upgrade'], 2);
  const value = random.text(['a', '\r', '\n', '\0', 'chunked', ' '], 3);
  const verdict = decide(
    {
      kind: 'tunneled',
      method: random.pick(['GET', 'POST', 'CONNECT', 'trace']),
      target: `${random.pick(['/v1', '/', 'https://a.example.com/v1', '*', ''])}${random.text(PATH_PARTS, 6)}`,
      hostHeaders: host === undefined ? [] : [host],
      rawHeaders: [header, value],
      upgrade: random.pick(['', '', 'websocket', 'connect-udp']),
      version: '2',
      pseudo: { authority, scheme: random.pick(['https', 'https', 'http', undefined]) },
      tunnel: { host: 'a.example.com', port: 443 },
      serverName: random.pick([undefined, 'a.example.com', host]),
    },
    policy,
    calm,
  );
  if (!verdict.allow) return;
  for (const name of [authority, host]) {
    const isOwn = name === undefined || /^a\.example\.com\.?(:0*443)?$/i.test(name);
    claim(isOwn, `fronted: ${JSON.stringify([authority, host])}`);
  }
  claim(/^\/v1(\/|$)/.test(verdict.path), `out of the prefix: ${verdict.path}`);
  const isFraming = header === 'transfer-encoding' || header === 'upgrade';
  claim(/^[a-z-]+$/.test(header) && !isFraming, `header: ${JSON.stringify(header)}`);
  claim(!/[\r\n\0]/.test(value), `line break: ${JSON.stringify(value)}`);
};
