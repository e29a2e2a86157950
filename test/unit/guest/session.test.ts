import { describe, expect, it } from 'vitest';
import { guestEnvironment } from '../../../lib/guest/environment.ts';
import { sessionCommand } from '../../../lib/guest/session.ts';

describe('the guest’s environment', () => {
  const options = {
    slug: 'demo-abcde',
    user: 'node',
    home: '/home/node',
    proxy: 'http://127.0.0.16:40000',
    alias: '127.0.0.16',
    promptFile: '/home/node/.bot-bottle-prompt.txt',
    image: {},
    configured: {},
  };

  it('the guest’s environment names the proxy in both cases and exempts the alias', () => {
    const environment = guestEnvironment(options);
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) {
      expect(environment[name]).toBe('http://127.0.0.16:40000');
    }
    expect(environment.NO_PROXY).toBe('localhost,127.0.0.1,::1,127.0.0.16');
    expect(environment.no_proxy).toBe(environment.NO_PROXY);
  });

  it('all three trust variables name the system’s CA bundle', () => {
    const { NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE } = guestEnvironment(options);
    expect(new Set([NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE])).toEqual(
      new Set(['/etc/ssl/certs/ca-certificates.crt']),
    );
  });

  it('the manifest can extend NO_PROXY but not replace the proxy', () => {
    const environment = guestEnvironment({
      ...options,
      configured: { NO_PROXY: 'a.test', HTTPS_PROXY: 'http://evil' },
    });
    expect(environment.NO_PROXY).toBe('a.test,127.0.0.16');
    expect(environment.HTTPS_PROXY).toBe('http://127.0.0.16:40000');
  });
});

describe('the image’s environment', () => {
  const image = {
    PATH: '/opt/image/bin:/bin',
    LANG: 'de_DE.UTF-8',
    HOME: '/',
    HTTPS_PROXY: 'http://elsewhere',
  };
  const options = {
    slug: 'demo-abcde',
    user: 'dev',
    home: '/home/dev',
    proxy: 'http://127.0.0.16:40000',
    alias: '127.0.0.16',
    promptFile: '/home/dev/.bot-bottle-prompt.txt',
    image,
    configured: {},
  };

  it('the agent has the image’s variables, unless the manifest or the kit sets them', () => {
    expect(guestEnvironment({ ...options, configured: { LANG: 'C' } })).toMatchObject({
      PATH: '/opt/image/bin:/bin',
      LANG: 'C',
      HOME: '/home/dev',
      HTTPS_PROXY: 'http://127.0.0.16:40000',
    });
  });

  it.each([
    ['/opt/x:$PATH', '/opt/x:/opt/image/bin:/bin'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
    ['${PATH}:/opt/x', '/opt/image/bin:/bin:/opt/x'],
    ['/opt/x', '/opt/x'],
    ['/opt/$PATH', '/opt/$PATH'],
  ])('env.PATH of `%s` means %s', (PATH, meant) => {
    expect(guestEnvironment({ ...options, configured: { PATH } }).PATH).toBe(meant);
  });

  it('without a PATH of the image, the agent has the usual one', () => {
    const { PATH } = guestEnvironment({ ...options, image: {}, configured: { PATH: '/opt/x:$PATH' } });
    expect(PATH).toBe('/opt/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  });
});

describe('sessionCommand', () => {
  const agent = { user: 'node', directory: '/home/node' };

  it('a session’s only program is the guest tool, and it passes the agent’s arguments unchanged', () => {
    const command = sessionCommand(agent, ['prog', '$(id)', "a'b"]);
    expect(command[0]).toBe('/usr/libexec/bot-bottle/guest-tool');
    expect(command.slice(-4)).toEqual(['node', 'prog', '$(id)', "a'b"]);
  });

  it('a session sets the terminal’s size and type only if there is a terminal', () => {
    const command = sessionCommand(agent, ['prog'], { columns: 132, rows: 43, type: 'xterm' });
    expect(command.join(' ')).toContain(' -t xterm -s 132x43 node prog');
    expect(sessionCommand(agent, ['prog'])).not.toContain('-t');
  });
});
