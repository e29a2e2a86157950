import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SELFTEST_NONCE_ENV } from '../../../../lib/daemons/contract/selftest/selftest.ts';
import { daemonCommand } from '../../../../lib/daemons/init/daemon-command.ts';
import { ALLOCATOR, daemonEnvironment } from '../../../../lib/daemons/init/daemon-environment.ts';
import { prefixLines } from '../../../../lib/daemons/init/prefix-lines.ts';
import { requestedDaemons } from '../../../../lib/daemons/init/requested-daemons.ts';

describe('the list of daemons', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' , ', []],
    ['egress', ['egress']],
    ['egress,selftest', ['selftest', 'egress']],
    [' selftest , egress,egress', ['selftest', 'egress']],
  ])('%j means %j', (csv, names) => expect(requestedDaemons(csv)).toEqual(names));

  it('with an unknown name is refused, and says which are known', () => {
    expect(() => requestedDaemons('egress,pipelok')).toThrow(/"pipelok".*selftest, egress/);
  });
});

describe("a daemon's environment", () => {
  const bundle = {
    PATH: '/bin',
    HOME: '/root',
    EGRESS_TOKEN_0: 'secret',
    [SELFTEST_NONCE_ENV]: 'nonce',
    NODE_EXTRA_CA_CERTS: '/roots.pem',
    NODE_OPTIONS: '--inspect',
    EGRESS_UPSTREAM_PROXY: 'http://127.0.0.1:8888',
    EGRESS_UPSTREAM_CA: '/ca.pem',
    SSL_CERT_DIR: '/roots',
    NODE_COMPILE_CACHE: '/compiled',
    BOT_BOTTLE_SIDECAR_DAEMONS: 'egress',
  };

  it('gives egress its tokens, and nothing that it does not need', () => {
    expect(daemonEnvironment('egress', bundle)).toEqual({
      ...ALLOCATOR,
      PATH: '/bin',
      EGRESS_TOKEN_0: 'secret',
      [SELFTEST_NONCE_ENV]: 'nonce',
      NODE_EXTRA_CA_CERTS: '/roots.pem',
      EGRESS_UPSTREAM_PROXY: 'http://127.0.0.1:8888',
      EGRESS_UPSTREAM_CA: '/ca.pem',
      NODE_COMPILE_CACHE: '/compiled',
    });
  });

  it('gives pipelock extra roots, and no token', () => {
    expect(daemonEnvironment('pipelock', bundle)).toEqual({ PATH: '/bin', SSL_CERT_DIR: '/roots' });
  });

  it('gives selftest neither the nonce nor a token', () => {
    expect(daemonEnvironment('selftest', bundle)).toEqual({
      ...ALLOCATOR,
      PATH: '/bin',
      NODE_COMPILE_CACHE: '/compiled',
    });
  });
});

describe("a daemon's program", () => {
  it('is Node with a module of ours', () => {
    const [program, ...rest] = daemonCommand('selftest', {});
    expect([program, rest.at(-1)]).toEqual([
      process.execPath,
      expect.stringMatching(/\/daemons\/selftest\/main\.ts$/),
    ]);
  });

  it('is told where things are in a bundle', () => {
    const words = daemonCommand('egress', {}).join(' ');
    expect(words).toMatch(/\/daemons\/egress\/main\.ts --routes \/etc\/bot-bottle\/egress\/routes\.yaml /);
    expect(words).toContain(' --listen 0.0.0.0:9099 --audit /var/log/bot-bottle ');
  });

  it.each([
    ['behind egress on loopback alone', { EGRESS_UPSTREAM_PROXY: 'http://127.0.0.1:8888' }, '127.0.0.1:8888'],
    ['facing the guest on every address', {}, '0.0.0.0:8888'],
  ])('is pipelock %s', (_where, environment, listen) => {
    expect(daemonCommand('pipelock', environment)).toEqual([
      '/usr/local/bin/pipelock',
      ...['run', '--config', '/etc/bot-bottle/pipelock/pipelock.yaml', '--listen', listen],
    ]);
  });
});

describe('log lines', () => {
  async function prefixed(...chunks: (string | Buffer)[]): Promise<string> {
    const source = new PassThrough();
    const sink = new PassThrough();
    prefixLines(source, sink, '[d] ');
    for (const chunk of chunks) source.write(chunk);
    source.end();
    source.once('end', () => setImmediate(() => sink.end()));
    return text(sink);
  }

  it('are put together from pieces', async () => {
    expect(await prefixed('a', 'b\nc', '\n\nd')).toBe('[d] ab\n[d] c\n[d] \n[d] d\n');
  });

  it('keep characters that were cut between two chunks', async () => {
    const euro = Buffer.from('€\n');
    expect(await prefixed(euro.subarray(0, 1), euro.subarray(1))).toBe('[d] €\n');
  });

  it('that never end are cut, so that no memory is filled', async () => {
    const lines = (await prefixed('x'.repeat(200_000))).split('\n');
    expect(lines.map((line) => line.length)).toEqual([65540, 65540, 65540, 3396, 0]);
  });
});
