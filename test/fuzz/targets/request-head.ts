import type { Random } from '../random.ts';
import { HOST } from './socket-stage.ts';

const LINES = [
  `Host: ${HOST}`,
  'Host: evil.example',
  'host:',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 18446744073709551617',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: gzip, chunked',
  'Connection: close',
  'Connection: Upgrade, Content-Length',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Expect: 100-continue',
  'X: \0',
  ' folded',
  'Authorization: Bearer stolen',
  '',
] as const;
const METHODS = ['GET', 'POST', 'HEAD', 'CONNECT', 'TRACE', 'PRI', 'G\0T', ''] as const;
const PATHS = [
  '/v1/x',
  '/',
  '/v1/../admin',
  '*',
  `http://${HOST}/v1`,
  'http://evil.example/',
  '//',
  '/v1/%2e%2e',
] as const;

export const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''] as const;
export const BREAKS = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r'] as const;
export const BODIES = [
  '',
  'hello',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'GET /admin HTTP/1.1\r\n\r\n',
  '\x81\x85abcdabcd',
] as const;

/** Makes a request whose parts are valid more often than not. */
export function requestText(random: Random): string {
  const method = random.below(3) > 0 ? random.pick(['GET', 'POST']) : random.pick(METHODS);
  const path = random.below(2) > 0 ? '/v1/x' : random.pick(PATHS);
  const version = random.below(5) > 0 ? 'HTTP/1.1' : random.pick(VERSIONS);
  const host = random.below(4) > 0 ? `Host: ${HOST}\r\n` : '';
  return `${method} ${path} ${version}\r\n${host}${headerLines(random)}${random.pick(BODIES)}`;
}

/** Makes up to four header lines, usually followed by an empty line. */
export function headerLines(random: Random): string {
  let text = '';
  for (let count = random.below(5); count > 0; count -= 1)
    text += `${random.pick(LINES)}${random.pick(BREAKS)}`;
  return `${text}${random.below(8) > 0 ? '\r\n' : ''}`;
}
