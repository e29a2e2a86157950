import type { WebSocketReason } from '../http/reasons.ts';

/** What one side of a WebSocket says to the other. Messages are whole, however they were cut into frames. */
export type FrameEvent =
  | { readonly kind: 'message'; readonly data: Buffer; readonly isBinary: boolean }
  | { readonly kind: 'ping' | 'pong'; readonly data: Buffer }
  | {
      readonly kind: 'close';
      /** `undefined` when the close frame was empty. */
      readonly code: number | undefined;
      /** The reason, UTF-8. */
      readonly data: Buffer;
    };

/** Messages follow each other, and so does what control frames carry, whatever of the other kind comes in between. */
export type Strand = 'messages' | 'controls';

export const strandOf = ({ kind }: FrameEvent): Strand => (kind === 'message' ? 'messages' : 'controls');

/** Something that ends the connection. `message` is the close frame's reason. */
export class WebSocketRefusal extends Error {
  readonly code: WebSocketReason;
  /** Status of the close frame (RFC 6455, 7.4.1). */
  readonly status: number;
  /** Kinds of secrets that were found, never one. */
  readonly types: readonly string[];

  constructor(code: WebSocketReason, status: number, types: readonly string[] = []) {
    super(code);
    this.code = code;
    this.status = status;
    this.types = types;
  }
}
