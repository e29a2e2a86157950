import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, makeScene, type Scene } from '../../../support/supervise/scene.ts';

describe('requests that an agent does not make', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene();
  });
  afterAll(async () => {
    await scene.close();
    await scene.remove();
  });

  /** Sends bytes and returns all that comes back. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(scene.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    return text(socket).catch(() => '');
  }

  const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });

  function post(body: string, head: Record<string, string> = {}, target = '/'): Promise<string> {
    const headers = {
      host: '127.0.0.1:9100',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
      ...head,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return raw(`POST ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  }

  it.each(['127.0.0.1:9100', '127.0.0.23:41234', 'localhost:9100'])('Host %s is served', async (host) => {
    expect(await post(LIST, { host })).toMatch(/^HTTP\/1\.1 200.*"explain-denial"/s);
  });

  it.each([
    'evil.example',
    'evil.example:9100',
    '127.0.0.1.evil.example',
    '169.254.169.254',
    '172.17.0.2:9100',
    '',
  ])('Host %j is refused, as a name that was rebound would be', async (host) => {
    const answer = await post(LIST, { host });
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"jsonrpc":"2.0"');
  });

  it.each(['http://evil.example', 'http://localhost:3000', 'http://127.0.0.1:9100', 'null'])(
    'a web page of %s is refused',
    async (origin) => {
      expect(await post(LIST, { origin })).toMatch(/^HTTP\/1\.1 403 /);
    },
  );

  it('a body of more than 1 MiB is refused, whether it says so or not', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: { x: 'x'.repeat(1024 * 1024) },
    });
    expect(await post(body)).toMatch(/^HTTP\/1\.1 413.*"error":/s);
    const chunk = `${(1024 * 1024 + 1).toString(16)}\r\n${'x'.repeat(1024 * 1024 + 1)}\r\n0\r\n\r\n`;
    const head = 'host: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n';
    expect(await raw(`POST / HTTP/1.1\r\n${head}\r\n${chunk}`)).toMatch(/^HTTP\/1\.1 413.*"error":/s);
  });

  it.each(['', '{', '[]', '"x"', 'null', '{"jsonrpc":"2.0"}', '[[[[]]]]'])(
    'the body %j is an error',
    async (body) => {
      expect(await post(body)).toMatch(/^HTTP\/1\.1 400.*"error":/s);
    },
  );

  it('a request through it as a proxy is refused', async () => {
    expect(await post(LIST, {}, 'http://example.com/')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('CONNECT example.com:443 HTTP/1.1\r\nhost: localhost\r\n\r\n')).not.toMatch(/ 200 /);
  });

  it('what is no JSON is refused by its type, and GET is no method of it', async () => {
    expect(await post(LIST, { 'content-type': 'text/plain' })).toMatch(/^HTTP\/1\.1 415 /);
    expect(await raw('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });

  it('a tool that is none, or arguments that it does not have, are errors with a reason', async () => {
    const agent = await scene.connectAgent();
    await expect(call(agent, 'rm-rf')).rejects.toThrow(/rm-rf/);
    const wrong = await call(agent, 'allow', { host: 'https://pypi.org/', reason: 'x', sudo: true });
    expect(wrong.isError).toBe(true);
    expect(wrong.text).toMatch(/DNS name/);
    expect(wrong.text).toMatch(/sudo/);
    expect(await scene.files()).toEqual([]);
  });

  it.each([
    { host: '*.pypi.org', reason: 'x' },
    { host: '10.0.0.1', reason: 'x' },
    { host: 'PyPI.org', reason: 'x' },
    { host: 'pypi.org', reason: ' ' },
    { host: 'pypi.org', reason: 'x'.repeat(1001) },
    { host: 'pypi.org', reason: 'x', port: 0 },
    { host: 'pypi.org', reason: 'x', methods: [] },
    { host: 'pypi.org', reason: 'x', methods: ['get'] },
    { host: 'pypi.org', reason: 'x', pathPrefix: '/a/../b' },
    { host: 'pypi.org', reason: 'x', pathPrefix: '/a/..%2fb' },
    { host: 'pypi.org', reason: 'x', pathPrefix: 'simple' },
    { host: 'pypi.org', reason: 'x', pathPrefix: '/x?y=z' },
    { host: 'pypi.org', reason: 'x', seconds: 10, uses: 1 },
    { host: 'pypi.org', reason: 'x', uses: 0 },
  ])('the proposal %j never reaches a person', async (input) => {
    const agent = await scene.connectAgent();
    expect((await call(agent, 'allow', input)).isError).toBe(true);
    expect(await scene.files()).toEqual([]);
  });

  it('sixteen calls wait at once; a further one is answered without a wait', async () => {
    const gone = new AbortController();
    const waiting = (id: number) =>
      fetch(scene.url, {
        method: 'POST',
        signal: gone.signal,
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          ...{ jsonrpc: '2.0', id, method: 'tools/call' },
          params: { name: 'ask', arguments: { question: 'Still there?' } },
        }),
      });
    const begun = await Promise.all(Array.from({ length: 16 }, (_, id) => waiting(id)));
    expect(begun.map(({ status }) => status)).toEqual(Array(16).fill(200));
    const answer = await (await waiting(17)).text();
    expect(answer).toContain('pending');
    gone.abort();
  });
});
