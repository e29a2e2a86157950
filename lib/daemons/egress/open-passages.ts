import type { Duplex } from 'node:stream';
import type { RequestFacts } from './facts.ts';

/** What is open through the door: a tunnel, a plain request under way, or a WebSocket. */
export interface Passage {
  readonly host: string;
  readonly port: number;
  readonly isTunnel: boolean;
  /** Of a WebSocket: what it was let out by. It lasts, so it is judged again as it was at first. */
  readonly webSocket?: { readonly facts: RequestFacts; readonly grant: string };
}

/** Everything that is open, so that a route that is taken away takes its connections with it. */
export class OpenPassages {
  readonly #open = new Map<Duplex, Passage>();

  add(socket: Duplex, passage: Passage): void {
    if (!this.#open.has(socket)) socket.once('close', () => this.#open.delete(socket));
    this.#open.set(socket, passage);
  }

  /** Closes what is no longer permitted; gives how many that were. */
  closeUnless(isPermitted: (passage: Passage) => boolean): number {
    const revoked = [...this.#open].filter(([, passage]) => !isPermitted(passage));
    for (const [socket] of revoked) socket.destroy();
    return revoked.length;
  }
}
