import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guestEnvironment } from '../../../lib/guest/environment.ts';
import { environmentScript, sessionCommand } from '../../../lib/guest/session.ts';

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

  it('the environment file preserves special characters, and only its owner can read it', () => {
    const values = { A: "it's", B: 'two\nlines\n', C: '$HOME `id` $(id) \\', D: '', E: 'ünï' };
    const directory = mkdtempSync(join(tmpdir(), 'bottle-kit-test-'));
    const file = join(directory, 'memory', 'env');
    try {
      const script = environmentScript(values).replaceAll('/dev/shm/bot-bottle', join(directory, 'memory'));
      execFileSync('sh', ['-s'], { input: script });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const dump = 'process.stdout.write(JSON.stringify(process.env))';
      const shown = execFileSync('sh', [
        '-c',
        `set -a; . ${file}; exec "$0" -e "$1"`,
        process.execPath,
        dump,
      ]);
      expect(JSON.parse(shown.toString())).toMatchObject(values);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('sessionCommand', () => {
  const agent = { user: 'node', home: '/home/node' };

  it('sessionCommand passes the agent’s arguments unchanged', () => {
    const command = sessionCommand(agent, ['prog', '$(id)', "a'b"]);
    expect(command.slice(0, 2)).toEqual(['sh', '-c']);
    expect(command.slice(3)).toEqual(['bot-bottle', 'prog', '$(id)', "a'b"]);
  });

  it('sessionCommand sets the terminal’s size only if there is a terminal', () => {
    const [, , script] = sessionCommand(agent, ['prog'], { columns: 132, rows: 43, type: 'xterm' });
    expect(script).toContain('stty cols 132 rows 43');
    expect(sessionCommand(agent, ['prog'])[2]).not.toContain('stty');
  });
});
