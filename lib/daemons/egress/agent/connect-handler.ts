import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { valuesOf } from '../../shared/raw-headers.ts';
import type { Account } from '../audit/account.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { parseAuthority } from '../http/host-names.ts';
import type { Deadlines } from '../http/limits.ts';
import { failureResponse, type LocalResponse, sendRawResponse } from '../http/local-response.ts';
import { denialResponse } from '../policy/denial-response.ts';
import type { Judge } from '../policy/judge.ts';
import { type Denial, deny } from '../policy/verdict.ts';
import type { Interceptor, Tunnel } from '../tls/interceptor.ts';
import { firstProtocol } from './first-protocol.ts';
import { awaitsResponse } from './malformed-request.ts';
import type { RefusedTunnels } from './refused-tunnels.ts';

export interface ConnectHandlerOptions {
  readonly judge: Judge;
  readonly interceptor: Interceptor;
  readonly deadlines: Deadlines;
  readonly refused: RefusedTunnels;
  readonly audit: AuditLog;
  /** Whether a socket is the inner side of a tunnel. */
  readonly isInside: (socket: Duplex) => boolean;
  /** Called with the agent's socket where it speaks plain HTTP in a tunnel. */
  readonly openedPlain: (socket: Duplex, tunnel: Tunnel) => void;
  /** Called when the agent hung up or said nothing in a tunnel. */
  readonly failed: (tunnel: Tunnel) => void;
}

/** Opens a tunnel for an admitted CONNECT and hands it to the interceptor. */
export class ConnectHandler {
  readonly #options: ConnectHandlerOptions;

  constructor(options: ConnectHandlerOptions) {
    this.#options = options;
  }

  /** `head`: bytes that the agent sent before it got our response. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { judge, interceptor, isInside, deadlines, openedPlain, failed } = this.#options;
    socket.on('error', () => socket.destroy());
    const account = this.#open(request);
    if (awaitsResponse(socket)) {
      const reason = 'A tunnel is never opened behind a request that has no answer yet.';
      account.refuse(deny('method-refused', null, reason, 'Wait for the answer, or use another connection.'));
      account.close();
      // The agent would take any response to this for the response to that request.
      return void socket.destroy();
    }
    const verdict = isInside(socket)
      ? deny('method-refused', null, 'A tunnel inside a tunnel is never opened.', 'Ask the proxy itself.')
      : judge.decide({
          kind: 'connect',
          target: request.url ?? '',
          hostHeaders: valuesOf(request.rawHeaders, 'host'),
        });
    if (!verdict.allow) {
      account.refuse(verdict);
      const explain = await this.#explanation(request, verdict);
      if (explain === undefined) {
        return respond(socket, account, denialResponse(verdict, request.headers.accept));
      }
      account.close();
      accept(socket, head);
      return explain(socket);
    }
    const { host, port, rule } = verdict;
    account.admit(rule.host);
    let takeOver: (socket: Duplex) => void;
    try {
      takeOver = await interceptor.prepare({ host, port });
    } catch {
      const reason = `No certificate could be made for ${host}.`;
      return respond(socket, account, failureResponse(500, 'certificate-failed', reason));
    }
    if (socket.destroyed) return account.close();
    // From here on, each exchange in the tunnel has an account of its own.
    accept(socket, head);
    const protocol = await firstProtocol(socket, deadlines.handshakeMs);
    if (protocol === 'http') return openedPlain(socket, { host, port });
    if (protocol !== undefined) return takeOver(socket);
    socket.destroy();
    failed({ host, port });
  }

  /** How to explain a denial inside the tunnel; `undefined` if that is not wanted or makes no sense. */
  async #explanation({ url }: IncomingMessage, denial: Denial) {
    const { judge, refused } = this.#options;
    const { host, port } = parseAuthority(url ?? '') ?? {};
    if (!judge.policy.explainsDenials || denial.host === null || host === undefined || port === undefined) {
      return undefined;
    }
    return refused.prepare({ host, port }, denial);
  }

  #open({ url, rawHeaders }: IncomingMessage): Account {
    const { host = null, port = null } = parseAuthority(url ?? '') ?? {};
    return this.#options.audit.open({
      protocol: 'connect',
      scheme: 'https',
      method: 'CONNECT',
      host,
      port: port ?? null,
      target: null,
      rawHeaders,
    });
  }
}

/** Accepts the CONNECT. `head`: see `handle`. */
function accept(socket: Duplex, head: Buffer): void {
  if ('setTimeout' in socket && typeof socket.setTimeout === 'function') socket.setTimeout(0);
  if (head.length > 0) socket.unshift(head);
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
}

function respond(socket: Duplex, account: Account, response: LocalResponse): void {
  account.respond(response.status, { code: response.code });
  account.count('received', Buffer.byteLength(response.text));
  account.close();
  sendRawResponse(socket, response);
}
