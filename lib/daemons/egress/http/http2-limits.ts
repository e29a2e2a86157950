import type { ClientSessionOptions, ServerSessionOptions } from 'node:http2';
import { MAX_HEADER_BYTES, MAX_HEADERS } from './limits.ts';

/** Concurrent streams on one HTTP/2 session. RFC 9113, 6.5.2, recommends at least 100. */
export const MAX_STREAMS = 128;

/**
 * Concurrent HTTP/2 requests on all sessions of the agent together; more are refused unprocessed. The same
 * number as for HTTP/1.1, so that sessions times streams cannot multiply upstream sockets or memory.
 */
export const MAX_STREAMS_TOTAL = 1024;

/** Bytes of one body that a peer may send before they are read. 256 KiB per millisecond is 2 Gbit/s. */
const STREAM_WINDOW = 256 * 1024;

/** The same for all bodies of one session: one stalled body does not stop the others. */
export const SESSION_WINDOW = 1024 * 1024;

/**
 * Allowance for frames that cost work and achieve nothing (PING, SETTINGS, a stream that is canceled before
 * its response): a burst, then a rate per second. An agent that cancels all its streams at once stays well
 * below.
 */
export const ABUSE_BUDGET = { burst: 2 * MAX_STREAMS, perSecond: 32 } as const;

/** Protocol violations, and streams above `MAX_STREAMS`, before a session is closed. Node allows 1000. */
const MAX_FAULTS = 100;

/** Settings for sessions of the agent. */
export const GUEST_SESSION: ServerSessionOptions = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS,
    maxHeaderListSize: MAX_HEADER_BYTES,
    initialWindowSize: STREAM_WINDOW,
    enableConnectProtocol: true,
  },
  // One header too many is refused by `decide`, with a reason. Beyond that, the stream is reset.
  maxHeaderListPairs: MAX_HEADERS + 8,
  maxSendHeaderBlockLength: 2 * MAX_HEADER_BYTES,
  // MiB that Node may hold for one session: its windows, its header tables and unsent responses.
  maxSessionMemory: 8,
  maxSessionInvalidFrames: MAX_FAULTS,
  maxSessionRejectedStreams: MAX_FAULTS,
  // nghttp2 counts resets too, including those of streams that JavaScript never saw (CVE-2023-44487).
  streamResetBurst: ABUSE_BUDGET.burst,
  streamResetRate: ABUSE_BUDGET.perSecond,
  // An upstream may repeat a header that should be unique. It is forwarded as it is.
  strictSingleValueFields: false,
};

/** Concurrent requests on one session to an upstream; fewer where the upstream allows fewer. */
export const MAX_UPSTREAM_STREAMS = 100;

/**
 * Sessions to one origin: together most of `MAX_STREAMS_TOTAL`. Beyond, a request waits for another to end.
 */
export const MAX_SESSIONS_PER_ORIGIN = 8;

/** Milliseconds before an origin that chose HTTP/1.1 is offered HTTP/2 again. */
export const HTTP1_MEMORY_MS = 10 * 60_000;

/** Origins for which that is remembered. */
export const MAX_REMEMBERED = 512;

/** Milliseconds between two PINGs to an upstream with running requests; gRPC servers tolerate one in 10 s. */
export const PING_MS = 30_000;

/** Settings for sessions to upstreams. */
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
