import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deadlines } from '../../../../../lib/daemons/egress/http/limits.ts';
import { connectVia, fetchVia, openTunnel, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, openSession } from '../../../../support/egress/h2-agent.ts';
import { started } from '../../../../support/egress/started.ts';
import { webSocketVia } from '../../../../support/egress/web-socket.ts';

const run = promisify(execFile);
const bottle = testAuthority('the bottle CA');
const LISTED = 'api.example.com';
const UNLISTED = 'evil.example.org';
const URL_OF_UNLISTED = `https://${UNLISTED}/path?q=1`;

let egress: EgressFixture | undefined;
let folder = '';
let issued: string[] = [];

async function start(deadlines: Partial<Deadlines> = {}, explainDenials?: boolean): Promise<void> {
  await egress?.close();
  issued = [];
  egress = await startEgress({
    authority: bottle,
    routes: [{ host: LISTED }, { host: 'late.example.com', expires_at: '1970-01-01T00:00:00Z' }],
    deadlines,
    ...(explainDenials === undefined ? {} : { explainDenials }),
    issue: async (host) => {
      issued.push(host);
      return bottle.leaf(host);
    },
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refused-'));
  writeFileSync(join(folder, 'ca.pem'), bottle.certificate);
  await start();
});
afterEach(async () => {
  await egress?.close();
  egress = undefined;
  rmSync(folder, { recursive: true });
});

const tunnel = (target = `${UNLISTED}:443`) => ({
  proxyPort: started(egress).port,
  target,
  ca: bottle.certificate,
});
const environment = () => {
  const proxy = `http://127.0.0.1:${started(egress).port}`;
  return {
    PATH: process.env.PATH,
    https_proxy: proxy,
    HTTPS_PROXY: proxy,
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  };
};

/** One refusal in the audit, no lookup, and so no connection. */
async function expectRefusedOnce(): Promise<void> {
  const { log, lookedUp } = started(egress);
  await expect
    .poll(() => log)
    .toMatchObject([
      {
        verdict: 'deny',
        reason: 'host-unlisted',
        rule: null,
        host: UNLISTED,
        method: 'CONNECT',
        status: 403,
      },
    ]);
  expect(lookedUp).toEqual([]);
}

describe('clients read why a host is refused', () => {
  it('curl prints the text for agents', async () => {
    const { stdout } = await run(
      'curl',
      ['--silent', '--include', '--cacert', join(folder, 'ca.pem'), URL_OF_UNLISTED],
      { env: environment() },
    );
    expect(stdout).toContain('x-bot-bottle-reason: host-unlisted');
    expect(stdout).toContain(`No route of this bottle names the host ${UNLISTED}.`);
    expect(stdout).toContain('Ask the operator');
    await expectRefusedOnce();
  });

  it('Node’s fetch with a proxy from the environment gets 403 with the text', async () => {
    const script = `fetch('${URL_OF_UNLISTED}').then(async (r) => console.log(r.status, await r.text()))`;
    const { stdout } = await run(process.execPath, ['--eval', script], { env: environment() });
    expect(stdout).toContain(`403 bot-bottle egress refused this request (host-unlisted).`);
    await expectRefusedOnce();
  });

  it('undici’s ProxyAgent gets 403 as JSON when it prefers that', async () => {
    const dispatcher = new ProxyAgent({
      uri: `http://127.0.0.1:${started(egress).port}`,
      requestTls: { ca: bottle.certificate },
    });
    const response = await undiciFetch(URL_OF_UNLISTED, {
      dispatcher,
      headers: { accept: 'application/json' },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      code: 'host-unlisted',
      ask: expect.stringContaining('operator'),
    });
    await dispatcher.close();
    await expectRefusedOnce();
  });

  it('an HTTP/2 client gets 403, and its session closes', async () => {
    const session = await openSession(tunnel());
    const closed = once(session, 'close');
    const reply = await fetchOn(session, { ':path': '/x' });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, 'host-unlisted']);
    await closed;
    await expectRefusedOnce();
  });

  it('a client that opens a WebSocket gets 403', async () => {
    const socket = await webSocketVia(tunnel());
    const [, response]: [unknown, IncomingMessage] = await once(socket, 'unexpected-response').then(
      ([request, answer]) => [request, answer],
    );
    expect(response.statusCode).toBe(403);
    expect(await text(response)).toContain('host-unlisted');
    await expectRefusedOnce();
  });

  it('a client reads the refusal although it uploads more than egress takes', async () => {
    const socket = await openTunnel(tunnel());
    const request = requestOn(socket, {
      method: 'POST',
      headers: { host: UNLISTED, 'content-length': String(8 * 1024 * 1024) },
    });
    request.on('error', () => {});
    request.end(Buffer.alloc(8 * 1024 * 1024));
    const { status, body } = await replyOf(request);
    expect(status).toBe(403);
    expect(body).toContain(UNLISTED);
    socket.destroy();
    await expectRefusedOnce();
  });

  it('a request that names another host, or announces a secret, is answered alike and goes nowhere', async () => {
    const headers = { host: LISTED, authorization: 'Bearer AKIAQ7XKPM2WZL9RTVBN' };
    const reply = await fetchVia({ ...tunnel(), headers });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, 'host-unlisted']);
    await expectRefusedOnce();
  });

  it.each([
    [`${LISTED}:8443`, 'port-refused'],
    ['late.example.com:443', 'grant-expired'],
  ])('a CONNECT to %s is explained with %s', async (target, reason) => {
    const reply = await fetchVia(tunnel(target));
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, reason]);
    expect(started(egress).lookedUp).toEqual([]);
    await expect.poll(() => started(egress).log).toMatchObject([{ reason, method: 'CONNECT' }]);
  });
});

describe('the end of a refused tunnel', () => {
  it('the connection closes after the first answer', async () => {
    const socket = await openTunnel(tunnel());
    const request = 'GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\n';
    socket.write(request);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toMatch(/connection: close/i);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('a host that is listed after its tunnel was refused is not reached through that tunnel', async () => {
    const socket = await openTunnel(tunnel());
    started(egress).setRoutes([{ host: UNLISTED }]);
    const request = requestOn(socket, { headers: { host: UNLISTED } });
    request.end();
    expect((await replyOf(request)).headers['x-bot-bottle-reason']).toBe('host-unlisted');
    expect(started(egress).lookedUp).toEqual([]);
    socket.destroy();
  });

  it.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['a TLS alert', Buffer.from([0x15, 3, 3, 0, 2, 2, 40])],
  ])('a tunnel that begins with %s is closed at once', async (_what, bytes) => {
    const { status, socket } = await connectVia(started(egress).port, `${UNLISTED}:8443`);
    expect(status).toBe(200);
    const since = performance.now();
    socket.write(bytes);
    expect(await text(socket)).toBe('');
    expect(performance.now() - since).toBeLessThan(1000);
    await expectRefusedOnce();
  });

  it('a client that speaks plain HTTP in it reads the refusal too', async () => {
    const { socket } = await connectVia(started(egress).port, `${UNLISTED}:8443`);
    socket.write('GET / HTTP/1.1\r\nHost: evil.example.org:8443\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 403 host-unlisted: No route of this bottle names the host /);
    expect(answer).toContain('Ask the operator');
    await expectRefusedOnce();
  });

  it('a tunnel that begins with what looks like TLS and is none is closed', async () => {
    const { socket } = await connectVia(started(egress).port, `${UNLISTED}:443`);
    socket.write(Buffer.from([0x16, 3, 1, 0, 4, 0xff, 0, 0, 0]));
    await once(socket.resume(), 'close');
    await expectRefusedOnce();
  });

  it('a tunnel in which the agent stays silent is closed after a few seconds', async () => {
    await start({ firstByteMs: 100 });
    const { status, socket } = await connectVia(started(egress).port, `${UNLISTED}:443`);
    expect(status).toBe(200);
    await once(socket.resume(), 'close');
    await expectRefusedOnce();
  });
});

describe('refusals that are not explained inside TLS', () => {
  it('a client that shows only the status line of a CONNECT shows the reason', async () => {
    const failure = await run('curl', ['--verbose', `https://${LISTED}:22/`], { env: environment() }).catch(
      (error: unknown) => error,
    );
    expect(failure).toHaveProperty(
      'stderr',
      expect.stringContaining(`< HTTP/1.1 403 port-refused: Port 22 of ${LISTED} is closed. Use port 443.`),
    );
  });

  const refusal = async (target: string) => {
    const { status, headers, socket } = await connectVia(started(egress).port, target);
    socket.destroy();
    return [status, headers['x-bot-bottle-reason']];
  };

  it('with `explain_denials: false` the CONNECT itself is refused', async () => {
    await start({}, false);
    expect(await refusal(`${UNLISTED}:443`)).toEqual([403, 'host-unlisted']);
    await expectRefusedOnce();
  });

  it.each([
    [`${UNLISTED}:22`, 403, 'host-unlisted'],
    [`${LISTED}:25`, 403, 'port-refused'],
    ['127.0.0.1:443', 400, 'host-invalid'],
    ['[::1]:443', 400, 'host-invalid'],
  ])('a CONNECT to %s is refused at once', async (target, status, reason) => {
    expect(await refusal(target)).toEqual([status, reason]);
  });

  it('an agent that asks for endless names is refused at CONNECT, and listed hosts stay served', async () => {
    const statuses: unknown[] = [];
    for (let number = 0; number < 80; number += 1) {
      const { status, socket } = await connectVia(started(egress).port, `n${number}.example.org:443`);
      socket.destroy();
      statuses.push(status);
    }
    expect(statuses.slice(0, 60).every((status) => status === 200)).toBe(true);
    expect(statuses.at(-1)).toBe(403);
    const made = issued.filter((host) => host !== LISTED);
    expect(made.length).toBeLessThan(80);
    // A name that was asked for before costs nothing, and a listed one is in a cache of its own.
    expect(await refusal('n60.example.org:443')).toEqual([200, undefined]);
    expect(await refusal(`${LISTED}:443`)).toEqual([200, undefined]);
    expect(issued.filter((host) => host === LISTED)).toHaveLength(1);
  });
});
