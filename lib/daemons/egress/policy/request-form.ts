import { METHODS } from 'node:http';
import { valuesOf } from '../../shared/raw-headers.ts';
import { MAX_HEADER_BYTES, MAX_HEADERS } from '../http/limits.ts';
import type { RequestFacts } from '../http/request-facts.ts';
import { type Denial, deny, FIX_CLIENT } from './verdict.ts';

/** Those that the HTTP/1.1 parser knows. In HTTP/2 any text could be a method, and carry data out. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

/** TRACE echoes the request, and with it the injected token, in the response. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['TRACE', 'CONNECT']);

/** Node's parser accepts 0.9 and 2.0 in an HTTP/1 request line, whose framing then depends on the reader. */
const VERSIONS: ReadonlySet<string> = new Set(['1.0', '1.1', '2']);

/** Connection headers of HTTP/1.1. They are meaningless in HTTP/2, but would gain a meaning in HTTP/1.1. */
const NOT_IN_HTTP2: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Bytes that RFC 9113, 6.5.2, counts per header besides its name and value. */
const HEADER_OVERHEAD = 32;

/** Checks what must hold for a request to any host. */
export function checkForm(facts: RequestFacts): Denial | undefined {
  const { rawHeaders, method } = facts;
  if (rawHeaders.length / 2 > MAX_HEADERS) {
    return deny('headers-too-many', null, `The request has more than ${MAX_HEADERS} headers.`, FIX_CLIENT);
  }
  if (!VERSIONS.has(facts.version)) {
    return deny('version-refused', null, `HTTP/${facts.version} is not spoken here.`, FIX_CLIENT);
  }
  const isHttp2 = facts.kind === 'tunneled' && facts.pseudo !== undefined;
  const fault = isHttp2 ? checkHttp2Headers(rawHeaders) : undefined;
  if (fault !== undefined) return fault;
  // Extended CONNECT (RFC 8441) is how HTTP/2 asks for an upgrade, and is judged as one.
  const isUpgrade = isHttp2 && facts.upgrade !== '' && method === 'CONNECT';
  if ((!KNOWN_METHODS.has(method) || REFUSED_METHODS.has(method)) && !isUpgrade) {
    return deny('method-refused', null, 'The method of the request is never forwarded.', FIX_CLIENT);
  }
  const coding = valuesOf(rawHeaders, 'transfer-encoding').join(',');
  if (coding !== '' && !/^\s*chunked\s*$/i.test(coding)) {
    const reason = 'The body has a transfer coding that is not undone here.';
    return deny('headers-invalid', null, reason, 'Send no Transfer-Encoding but chunked.');
  }
  const expected = valuesOf(rawHeaders, 'expect').join(',');
  if (expected !== '' && !/^\s*100-continue\s*$/i.test(expected)) {
    const remedy = 'Send no Expect header, or 100-continue.';
    return deny('expectation-refused', null, 'The request expects what no server is known to do.', remedy);
  }
  return undefined;
}

/** nghttp2 refuses most of these itself. Any that it missed would allow request smuggling in HTTP/1.1. */
function checkHttp2Headers(raw: readonly string[]): Denial | undefined {
  let bytes = 0;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    bytes += name.length + value.length + HEADER_OVERHEAD;
    const isToken = /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name);
    if (!isToken || NOT_IN_HTTP2.has(name) || /[\0\r\n]/.test(value)) {
      const reason = 'A header of the request cannot be in HTTP/2, or holds a line break or NUL.';
      return deny('headers-invalid', null, reason, FIX_CLIENT);
    }
  }
  if (bytes <= MAX_HEADER_BYTES) return undefined;
  const reason = `The headers of the request are longer than ${MAX_HEADER_BYTES} bytes.`;
  return deny('headers-too-long', null, reason, FIX_CLIENT);
}
