import type { Duplex, Writable } from 'node:stream';

// `ws` exports its frame reader and writer, but @types/ws lacks them. Declared here as far as they are used.
declare module 'ws' {
  export class Receiver extends Writable {
    constructor(options: {
      /** Whether frames must be masked, as a client's are. */
      isServer: boolean;
      /** Bytes. */
      maxPayload: number;
      maxFragments: number;
      maxBufferedChunks: number;
    });
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
    on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this;
    on(event: 'conclude', listener: (code: number, reason: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  export class Sender {
    constructor(socket: Duplex);
    send(data: Buffer, options: { binary: boolean; compress: boolean; fin: boolean; mask: boolean }): void;
    ping(data: Buffer, mask: boolean): void;
    pong(data: Buffer, mask: boolean): void;
    /** `code` undefined: a close frame without a status. */
    close(code: number | undefined, reason: Buffer, mask: boolean): void;
  }
}
