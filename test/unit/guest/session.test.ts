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
    configured: {},
  };

  it('the guest’s environment names the proxy in both cases and exempts the alias', () => {
    const environment = guestEnvironment(options);
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) {
      expect(environment[name]).toBe('http://127.0.0.16:40000');
    }
    expect(environment.NO_PROXY).toBe('localhost,127.0.0.1,127.0.0.16');
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

describe('sessionCommand', () => {
  const agent = { user: 'node', home: '/home/node' };

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
