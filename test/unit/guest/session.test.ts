import { describe, expect, it } from 'vitest';
import { guestEnvironment } from '../../../lib/guest/environment.ts';
import { agentCommand, sessionCommand } from '../../../lib/guest/session.ts';

describe('the guest’s environment', () => {
  const options = {
    slug: 'demo-abcde',
    user: 'node',
    home: '/home/node',
    proxy: 'http://127.0.0.16:40000',
    alias: '127.0.0.16',
    promptFile: '/home/node/.bot-bottle-prompt.txt',
    locale: { TZ: 'Europe/Berlin', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' },
    image: {},
    withheld: [],
    configured: {},
  };

  it('the guest’s environment names the proxy in both cases and exempts the alias', () => {
    const environment = guestEnvironment(options);
    for (const name of [
      ...['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'],
      ...['YARN_HTTP_PROXY', 'YARN_HTTPS_PROXY'],
    ]) {
      expect(environment[name]).toBe('http://127.0.0.16:40000');
    }
    expect(environment.NO_PROXY).toBe('localhost,127.0.0.1,::1,127.0.0.16');
    expect(environment.no_proxy).toBe(environment.NO_PROXY);
  });

  it('with a git gate, the environment names it, and git asks nobody for a password', () => {
    expect(guestEnvironment(options)).not.toHaveProperty('GIT_GATE_URL');
    expect(guestEnvironment({ ...options, gitGate: 'http://127.0.0.1:9420' })).toMatchObject({
      GIT_GATE_URL: 'http://127.0.0.1:9420',
      GIT_TERMINAL_PROMPT: '0',
    });
  });

  it('with supervision, the environment names the MCP server', () => {
    expect(guestEnvironment(options)).not.toHaveProperty('MCP_SUPERVISE_URL');
    expect(guestEnvironment({ ...options, supervise: 'http://127.0.0.1:9100' })).toMatchObject({
      MCP_SUPERVISE_URL: 'http://127.0.0.1:9100',
    });
  });

  it('every trust variable names the system’s CA bundle', () => {
    const trusting = Object.entries(guestEnvironment(options)).filter(([, value]) => value.endsWith('.crt'));
    expect(Object.fromEntries(trusting)).toEqual({
      AWS_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt',
      CARGO_HTTP_CAINFO: '/etc/ssl/certs/ca-certificates.crt',
      CURL_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt',
      DENO_CERT: '/etc/ssl/certs/ca-certificates.crt',
      GIT_SSL_CAINFO: '/etc/ssl/certs/ca-certificates.crt',
      NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt',
      PIP_CERT: '/etc/ssl/certs/ca-certificates.crt',
      REQUESTS_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt',
      SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt',
    });
  });

  it('Java’s options name the proxy and the trust store, and the manifest’s come last, so that they win', () => {
    const { JAVA_TOOL_OPTIONS } = guestEnvironment({
      ...options,
      image: { JAVA_TOOL_OPTIONS: '-Xmx1g' },
      configured: { JAVA_TOOL_OPTIONS: '-Xmx2g' },
    });
    expect(JAVA_TOOL_OPTIONS).toMatch(/^-Dhttp\.proxyHost=127\.0\.0\.16 -Dhttp\.proxyPort=40000 -Dhttps\./);
    expect(JAVA_TOOL_OPTIONS).toMatch(/ -Djavax\.net\.ssl\.trustStore=\/usr\S+\.p12 .* -Xmx2g$/);
    expect(JAVA_TOOL_OPTIONS).not.toContain('-Xmx1g');
  });

  it.each([
    ['nobody chooses a locale', {}, {}, ['Europe/Berlin', 'de_DE.UTF-8', 'de_DE.UTF-8']],
    ['the image chooses one', { LANG: 'C.UTF-8', TZ: 'UTC' }, {}, ['UTC', 'C.UTF-8', undefined]],
    ['the manifest chooses one', {}, { LC_ALL: 'C' }, ['Europe/Berlin', undefined, 'C']],
  ])('the host’s zone and locale hold unless they are chosen: %s', (_case, image, configured, meant) => {
    const { TZ, LANG, LC_ALL } = guestEnvironment({ ...options, image, configured });
    expect([TZ, LANG, LC_ALL]).toEqual(meant);
  });
});

describe('the image’s environment', () => {
  const image = {
    PATH: '/opt/image/bin:/bin',
    LANG: 'de_DE.UTF-8',
    HOME: '/',
    HTTPS_PROXY: 'http://elsewhere',
    all_proxy: 'http://elsewhere',
  };
  const options = {
    slug: 'demo-abcde',
    user: 'dev',
    home: '/home/dev',
    proxy: 'http://127.0.0.16:40000',
    alias: '127.0.0.16',
    promptFile: '/home/dev/.bot-bottle-prompt.txt',
    locale: {},
    image,
    withheld: [],
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

  it('the agent has neither a catch-all proxy nor the credentials of the image that its bottle did not choose', () => {
    const environment = guestEnvironment({
      ...options,
      image: { ...image, OPENAI_API_KEY: 'of the image', ANTHROPIC_API_KEY: 'of the image' },
      withheld: ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'],
      configured: { ANTHROPIC_API_KEY: 'placeholder' },
    });
    expect(environment).not.toHaveProperty('OPENAI_API_KEY');
    expect(environment).not.toHaveProperty('all_proxy');
    expect(environment.ANTHROPIC_API_KEY).toBe('placeholder');
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

describe.each([
  ['agentCommand', agentCommand],
  ['sessionCommand', sessionCommand],
])('%s', (_name, commandOf) => {
  it('the only program that root starts is the guest tool, and it passes the agent’s arguments unchanged', () => {
    const command = commandOf({ user: 'node', directory: '/home/node' }, ['prog', '$(id)', "a'b"]);
    expect(command[0]).toBe('/usr/libexec/bot-bottle/guest-tool');
    expect(command.slice(-4)).toEqual(['node', 'prog', '$(id)', "a'b"]);
  });
});

describe('sessionCommand', () => {
  const agent = { user: 'node', directory: '/home/node' };
  const terminal = { columns: 132, rows: 43, type: 'xterm' };

  it('a session has a terminal like the operator’s, only if there is one', () => {
    expect(sessionCommand(agent, ['prog'], { terminal }).join(' ')).toContain(
      ' -t xterm -s 132x43 node prog',
    );
    expect(sessionCommand(agent, ['prog'])).not.toContain('-t');
  });

  it('COLORTERM of the host is passed on unless it is no word', () => {
    const withColors = (colors: string) =>
      sessionCommand(agent, ['prog'], { terminal: { ...terminal, colors } }).join(' ');
    expect(withColors('truecolor')).toContain(' -c truecolor node prog');
    expect(withColors('a b')).not.toContain('-c');
  });
});
