import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccessLog } from './access-log.ts';
import { denialAnswer, failureAnswer, sendRawAnswer } from './answer.ts';
import type { Interceptor } from './interceptor.ts';
import type { Judge } from './judge.ts';
import { type Denial, deny } from './verdict.ts';

export interface ConnectHandlerOptions {
  readonly judge: Judge;
  readonly interceptor: Interceptor;
  readonly log: AccessLog;
  /** Whether a socket is the inside of a tunnel. */
  readonly isInside: (socket: Duplex) => boolean;
}

/** Opens a tunnel for a permitted CONNECT, and hands what comes in it to the interceptor. */
export class ConnectHandler {
  readonly #options: ConnectHandlerOptions;

  constructor(options: ConnectHandlerOptions) {
    this.#options = options;
  }

  /** `head`: what the guest sent ahead of the answer. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { judge, interceptor, isInside } = this.#options;
    socket.on('error', () => socket.destroy());
    const verdict = isInside(socket)
      ? deny('method-refused', null, 'A tunnel inside a tunnel is never opened.', 'Ask the proxy itself.')
      : judge.decide({ kind: 'connect', target: request.url ?? '' });
    if (!verdict.allow) return this.#refuse(socket, verdict, request.headers.accept);
    const { host, port, rule } = verdict;
    let takeOver: (socket: Duplex) => void;
    try {
      takeOver = await interceptor.prepare({ host, port });
    } catch {
      return this.#fail(socket, host, rule.host);
    }
    if (socket.destroyed) return;
    if ('setTimeout' in socket && typeof socket.setTimeout === 'function') socket.setTimeout(0);
    if (head.length > 0) socket.unshift(head);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    takeOver(socket);
  }

  #refuse(socket: Duplex, denial: Denial, accept: string | undefined): void {
    const { rule, host, status, code } = denial;
    const path = null;
    this.#options.log({ verdict: 'deny', rule, host, method: 'CONNECT', status, path, reason: code });
    sendRawAnswer(socket, denialAnswer(denial, accept));
  }

  #fail(socket: Duplex, host: string, rule: string): void {
    const answer = failureAnswer(500, 'certificate-failed', `No certificate could be made for ${host}.`);
    const { status, code } = answer;
    this.#options.log({
      verdict: 'fail',
      rule,
      host,
      method: 'CONNECT',
      status,
      path: null,
      reason: code,
    });
    sendRawAnswer(socket, answer);
  }
}
