import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchOn, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { HOST, socketScene, TOKEN } from '../../../../support/egress/socket-scene.ts';
import { frame } from '../../../../support/egress/web-socket.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const TEXT = 1;
const CLOSE = 8;
const scene = socketScene();
let session: ClientHttp2Session;

beforeEach(async () => {
  session = await openSession(scene().tunnel());
  if (session.remoteSettings?.enableConnectProtocol !== true) await once(session, 'remoteSettings');
});
afterEach(() => session.destroy());

/** Sends an extended CONNECT (RFC 8441) and waits for its response. */
async function ask(headers: Record<string, string> = {}): Promise<{
  stream: ClientHttp2Stream;
  answer: Record<string, unknown>;
}> {
  const stream = streamOn(session, {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/socket',
    'sec-websocket-version': '13',
    ...headers,
  });
  const [answer] = await once(stream, 'response');
  return { stream, answer };
}

/** Returns everything received until `bytes` have arrived or the stream ends. */
async function read(stream: ClientHttp2Stream, bytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= bytes) break;
  }
  return Buffer.concat(chunks);
}

describe('WebSockets over HTTP/2', () => {
  it('egress offers HTTP/2 WebSockets and opens them upstream over HTTP/1.1 with the token', async () => {
    expect(session.remoteSettings.enableConnectProtocol).toBe(true);
    const { stream, answer } = await ask({
      'sec-websocket-protocol': 'chat',
      authorization: 'Bearer stolen',
    });
    expect(answer).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'chat' });
    expect(answer).not.toHaveProperty('sec-websocket-accept');
    expect(scene().upstream.asked[0]).toMatchObject({
      method: 'GET',
      url: '/socket',
      headers: { authorization: `Bearer ${TOKEN}`, upgrade: 'websocket' },
    });
    stream.end(frame({ opcode: CLOSE }));
    const entry = { verdict: 'allow', protocol: 'websocket', host: HOST, status: 200, path: '/socket' };
    await expect.poll(() => scene().egress.log).toMatchObject([entry]);
  });

  it.each<[string, string, (stream: ClientHttp2Stream) => void]>([
    ['ends its stream', 'allow', (stream) => stream.end()],
    ['cancels its stream', 'allow', (stream) => stream.close(constants.NGHTTP2_CANCEL)],
    ['drops its connection', 'allow', () => session.destroy(new Error('gone'))],
    ['ends its stream amid a frame', 'fail', (stream) => stream.end(Buffer.from([0x81]))],
  ])('an agent that %s without a close frame is audited as `%s`', async (_how, verdict, leave) => {
    const { stream } = await ask();
    stream.write(frame({ opcode: TEXT, payload: 'hello' }));
    await read(stream, 7);
    leave(stream);
    await expect
      .poll(() => scene().egress.log)
      .toMatchObject([{ verdict, protocol: 'websocket', status: 200 }]);
  });

  it('an HTTP/2 WebSocket carries messages while other requests share its connection', async () => {
    const { stream } = await ask();
    stream.write(frame({ opcode: TEXT, payload: 'hello' }));
    const echoed = frame({ opcode: TEXT, payload: 'hello', masked: false });
    expect(await read(stream, echoed.length)).toEqual(echoed);
    expect(await fetchOn(session)).toMatchObject({ status: 200, body: 'no WebSocket' });
    stream.close();
  });

  it('an HTTP/2 WebSocket carries a message of 6 MiB both ways', async () => {
    const { stream } = await ask();
    const payload = Buffer.alloc(6 * 1024 * 1024, 'lorem ipsum ');
    stream.write(frame({ opcode: TEXT, payload }));
    const echoed = frame({ opcode: TEXT, payload, masked: false });
    expect((await read(stream, echoed.length)).equals(echoed)).toBe(true);
    stream.close();
  });

  it('an HTTP/2 WebSocket passes on the close frame of the upstream', async () => {
    const { stream } = await ask();
    for (const socket of scene().upstream.sockets) socket.close(4001, 'enough');
    const payload = Buffer.concat([Buffer.from([4001 >> 8, 4001 & 255]), Buffer.from('enough')]);
    const said = frame({ opcode: CLOSE, payload, masked: false });
    expect(await read(stream, said.length)).toEqual(said);
    stream.end(frame({ opcode: CLOSE, payload }));
    await once(stream, 'close');
    await vi.waitFor(() => expect(scene().upstream.closes).toContain('4001 enough'));
  });

  it('an HTTP/2 WebSocket ends at a secret, which never leaves', async () => {
    scene().play({ dlp: { outbound_on_match: 'block' } });
    const { stream } = await ask();
    stream.write(frame({ opcode: TEXT, payload: KEY }));
    expect((await read(stream)).toString('latin1')).toContain('secret-found');
    expect(scene().upstream.heard).toEqual([]);
  });

  it('an HTTP/2 WebSocket ends when its route changes, and its connection stays usable', async () => {
    const { stream } = await ask();
    scene().play({ matches: [{ methods: ['GET'], paths: [{ type: 'exact', value: '/other' }] }] });
    await once(stream, 'close');
    expect((await fetchOn(session, { ':path': '/other' })).status).toBe(200);
    const { answer } = await ask({ ':path': '/other' });
    expect(answer[':status']).toBe(200);
  });

  it.each([
    [501, 'upgrade-refused', { ':protocol': 'connect-udp' }],
    [400, 'handshake-invalid', { 'sec-websocket-version': '8' }],
    [403, 'secret-found', { 'sec-websocket-protocol': KEY }],
    [400, 'path-ambiguous', { ':path': '/a/../b' }],
  ])('an HTTP/2 WebSocket is refused with %d %s', async (status, reason, headers) => {
    scene().play({ dlp: { outbound_on_match: 'block' } });
    const { answer } = await ask(headers);
    expect(answer).toMatchObject({ ':status': status, 'x-bot-bottle-reason': reason });
    expect(scene().upstream.asked).toEqual([]);
  });

  it('an HTTP/2 WebSocket refused upstream gets the response of the upstream', async () => {
    const instead = () => `HTTP/1.1 404 Not Found\r\ncontent-length: ${TOKEN.length}\r\n\r\n${TOKEN}`;
    scene().play({}, { instead });
    const { stream, answer } = await ask();
    expect(answer[':status']).toBe(404);
    expect(String(await read(stream))).toBe('*'.repeat(TOKEN.length));
  });
});
