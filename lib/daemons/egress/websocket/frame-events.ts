import type { WebSocketReason } from '../http/reasons.ts';

/** What one side of a WebSocket sends to the other. Messages are complete, however they were fragmented. */
export type FrameEvent =
  | { readonly kind: 'message'; readonly data: Buffer; readonly isBinary: boolean }
  | { readonly kind: 'ping' | 'pong'; readonly data: Buffer }
  | {
      readonly kind: 'close';
      /** `undefined` when the close frame was empty. */
      readonly code: number | undefined;
      /** The reason, in UTF-8. */
      readonly data: Buffer;
    };

/** Messages form one sequence and control frames another, each scanned across its frame borders. */
export type Strand = 'messages' | 'controls';

export const strandOf = ({ kind }: FrameEvent): Strand => (kind === 'message' ? 'messages' : 'controls');

/** Ends the connection. `message` is the close frame's reason. */
export class WebSocketRefusal extends Error {
  readonly code: WebSocketReason;
  /** Status of the close frame (RFC 6455, 7.4.1). */
  readonly status: number;
  /** Types of secrets that were found, never a secret. */
  readonly types: readonly string[];

  constructor(code: WebSocketReason, status: number, types: readonly string[] = []) {
    super(code);
    this.code = code;
    this.status = status;
    this.types = types;
  }
}
