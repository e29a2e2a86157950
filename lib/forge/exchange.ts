import { type Dispatcher, request } from 'undici';
import { messageOf } from '../errors.ts';

/** Bytes; a page of keys has far less. */
const MAX_RESPONSE_BYTES = 1024 * 1024;

/** Failures before a request has been sent, by the codes of Node and OpenSSL. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$|^ERR_TLS_|CERT|UNABLE_TO_/;

/** Returns the value of a header by its lowercase name. */
export type Headers = (name: string) => string | undefined;

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Headers;
  /** What the body's JSON says; undefined when it is empty, too long, or no JSON. */
  readonly body: unknown;
}

export interface NoAnswer {
  readonly kind: 'none';
  readonly reason: string;
  /** Whether the server may have acted on the request. */
  readonly isUncertain: boolean;
  readonly isCertificate: boolean;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** Sends one request, which takes `timeoutMs` at most, and follows no redirect. Never throws what it was sent with. */
export async function exchange(
  { method, url, headers, json }: Request,
  options: { readonly dispatcher: Dispatcher; readonly timeoutMs: number },
): Promise<Answer | NoAnswer> {
  const content = json === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const response = await request(url, {
      method,
      // GitHub refuses requests that do not name a program.
      headers: { 'user-agent': 'bottle-kit', ...headers, ...content },
      body: json === undefined ? null : JSON.stringify(json),
      dispatcher: options.dispatcher,
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    const header = (name: string) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    return {
      kind: 'answer',
      status: response.statusCode,
      headers: header,
      body: await readJson(response.body),
    };
  } catch (error) {
    return noAnswer(error, options.timeoutMs);
  }
}

async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function noAnswer(error: unknown, timeoutMs: number): NoAnswer {
  if (error instanceof Error && error.name === 'TimeoutError') {
    const reason = `no answer within ${timeoutMs / 1000} s`;
    return { kind: 'none', reason, isUncertain: true, isCertificate: false };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Errors of several addresses have an empty message; those about certificates go on with advice about Node.
  const reason = (messageOf(error) || code).replace(/; if the root CA is installed.*/, '');
  return {
    kind: 'none',
    reason,
    isUncertain: !NOT_SENT.test(code),
    isCertificate: /CERT|UNABLE_TO_/.test(code),
  };
}
