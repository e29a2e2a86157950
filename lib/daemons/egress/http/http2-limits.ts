import type { ClientSessionOptions, ServerSessionOptions } from 'node:http2';
import { MAX_HEADER_BYTES, MAX_HEADERS } from './limits.ts';

/** Streams open at one time on one HTTP/2 connection: the least that RFC 9113, 6.5.2, advises is 100. */
export const MAX_STREAMS = 128;

/**
 * HTTP/2 requests under way on all connections of the guest together; what is more is refused unprocessed. As many as
 * HTTP/1.1 could have, so that a connection times its streams multiplies neither sockets to upstreams nor memory.
 */
export const MAX_STREAMS_TOTAL = 1024;

/** Bytes of one body that a peer may send ahead of who reads it. 256 KiB over a millisecond is 2 Gbit/s. */
const STREAM_WINDOW = 256 * 1024;

/** Bytes of all bodies of one connection that a peer may send ahead: one stalled body does not stop the others. */
export const SESSION_WINDOW = 1024 * 1024;

/**
 * Frames that cost work and bring nothing (PING, SETTINGS, a stream that is given up before its answer): so many at
 * once, so many a second after. A guest that gives up all its streams at once stays well below.
 */
export const ABUSE_BUDGET = { burst: 2 * MAX_STREAMS, perSecond: 32 } as const;

/** Frames that break the protocol, and streams above `MAX_STREAMS`, until a connection closes. Node allows 1000. */
const MAX_FAULTS = 100;

/** What egress takes from the guest. */
export const GUEST_SESSION: ServerSessionOptions = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS,
    maxHeaderListSize: MAX_HEADER_BYTES,
    initialWindowSize: STREAM_WINDOW,
    enableConnectProtocol: true,
  },
  // `decide` refuses one header too many with a reason; beyond that, and the pseudo-headers, the stream is reset.
  maxHeaderListPairs: MAX_HEADERS + 8,
  maxSendHeaderBlockLength: 2 * MAX_HEADER_BYTES,
  // MiB that one connection may make Node hold: its windows, its header tables and answers not yet sent.
  maxSessionMemory: 8,
  maxSessionInvalidFrames: MAX_FAULTS,
  maxSessionRejectedStreams: MAX_FAULTS,
  // Below `ABUSE_BUDGET` nghttp2 counts resets itself, also those of streams that no JavaScript saw (CVE-2023-44487).
  streamResetBurst: ABUSE_BUDGET.burst,
  streamResetRate: ABUSE_BUDGET.perSecond,
  // An upstream may repeat what should be there once; it is passed on as it is.
  strictSingleValueFields: false,
};

/** Requests under way at one time on one connection to an upstream; fewer where it takes fewer. */
export const MAX_UPSTREAM_STREAMS = 100;

/** Connections to one origin: together most of `MAX_STREAMS_TOTAL`. Beyond, a request waits for another to end. */
export const MAX_SESSIONS_PER_ORIGIN = 8;

/** Milliseconds for which an origin that chose HTTP/1.1 is not asked again. */
export const HTTP1_MEMORY_MS = 10 * 60_000;

/** Origins of which that is remembered. */
export const MAX_REMEMBERED = 512;

/** Milliseconds between two PINGs to an upstream that has requests under way; gRPC servers bear one in 10 s. */
export const PING_MS = 30_000;

/** What egress takes from upstreams. */
export const UPSTREAM_SESSION: ClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
  settings: {
    enablePush: false,
    maxHeaderListSize: 2 * MAX_HEADER_BYTES,
    initialWindowSize: STREAM_WINDOW,
  },
  maxHeaderListPairs: 2 * MAX_HEADERS,
  maxSendHeaderBlockLength: 2 * MAX_HEADER_BYTES,
  maxSessionMemory: 8,
  strictSingleValueFields: false,
};
