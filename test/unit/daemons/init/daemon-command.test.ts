import { describe, expect, it } from 'vitest';
import { daemonCommand } from '../../../../lib/daemons/init/daemon-command.ts';

describe('daemonCommand', () => {
  it('a daemon of the kit runs as Node with its main module', () => {
    const [program, ...rest] = daemonCommand('selftest', {});
    expect([program, rest.at(-1)]).toEqual([
      process.execPath,
      expect.stringMatching(/\/daemons\/selftest\/main\.ts$/),
    ]);
  });

  it('egress gets the paths and the address of the bundle as flags', () => {
    const words = daemonCommand('egress', {}).join(' ');
    expect(words).toMatch(/\/daemons\/egress\/main\.ts --routes \/etc\/bot-bottle\/egress\/routes\.yaml /);
    expect(words).toContain(' --listen 0.0.0.0:9099 --audit /var/log/bot-bottle ');
  });

  it.each([
    ['behind egress on loopback alone', { EGRESS_UPSTREAM_PROXY: 'http://127.0.0.1:8888' }, '127.0.0.1:8888'],
    ['facing the guest on every address', {}, '0.0.0.0:8888'],
  ])('pipelock gets the address to listen on: %s', (_where, environment, listen) => {
    expect(daemonCommand('pipelock', environment)).toEqual([
      '/usr/local/bin/pipelock',
      ...['run', '--config', '/etc/bot-bottle/pipelock/pipelock.yaml', '--listen', listen],
    ]);
  });
});
