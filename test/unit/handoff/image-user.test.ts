import { describe, expect, it } from 'vitest';
import { resolveUser } from '../../../lib/handoff/image-user.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/sh';
const SYSTEM = `${ROOT}\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data:x:33:33::/var/www:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n`;
const DEV = `${SYSTEM}dev:x:1500:1600::/home/dev:/bin/bash\nother:x:1501:1601::/home/other:/bin/bash\n`;
const GROUP = 'root:x:0:\nstaff:x:50:dev\n';
const image = (user: string, passwd = DEV) => ({ user, passwd, group: GROUP });

describe('resolveUser', () => {
  it.each([
    ['the provider’s user', image('dev'), { user: 'other' }, 'other', '/home/other'],
    ['the provider’s home', image('dev'), { user: 'other', home: '/work' }, 'other', '/work'],
    ['the image’s USER without the provider’s user', image('dev'), { user: 'node' }, 'dev', '/home/dev'],
    ['the image’s USER', image('other'), {}, 'other', '/home/other'],
    ['the first ordinary user of an image for root', image(''), {}, 'dev', '/home/dev'],
    ['the first ordinary user of an image for uid 0', image('0:0'), {}, 'dev', '/home/dev'],
    ['an added user of an image without one', image('', SYSTEM), {}, 'agent', '/home/agent'],
    ['an added user of an image without any', image('root', ''), {}, 'agent', '/home/agent'],
    ['root, if the provider wants it', image('dev'), { user: 'root' }, 'root', '/root'],
  ])('the agent is %s', (_what, users, wanted, name, home) => {
    expect(resolveUser(users, wanted).agent).toMatchObject({ name, home });
  });

  it('the operator’s own choice of the home holds, whoever the user is', () => {
    for (const wanted of [{}, { user: 'other', home: '/work' }]) {
      expect(resolveUser(image(''), { ...wanted, guestHome: '/home/mine' }).agent.home).toBe('/home/mine');
    }
    expect(() => resolveUser(image(''), { guestHome: '/usr/lib' })).toThrow(
      'BOT_BOTTLE_GUEST_HOME is /usr/lib, a directory of the system',
    );
  });

  it.each([
    ['dev', { user: 'dev', name: 'dev', uid: 1500, gid: 1600 }],
    ['1500', { user: '1500', name: 'dev', uid: 1500, gid: 1600 }],
    ['dev:staff', { user: 'dev:staff', name: 'dev', uid: 1500, gid: 50 }],
    ['dev:7', { user: 'dev:7', name: 'dev', uid: 1500, gid: 7 }],
    ['4000', { user: '4000', name: '4000', uid: 4000, gid: 0, home: '/home/4000' }],
  ])('USER %s is understood as the engine does', (user, agent) => {
    expect(resolveUser(image(user), {}).agent).toMatchObject(agent);
  });

  it.each(['nobody-knows', 'dev:nothing'])('USER %s, which the image does not have, is refused', (user) => {
    expect(() => resolveUser(image(user), {})).toThrow(`the image’s USER is ${user}`);
  });

  it.each([
    ['/', 'nothing of the system'],
    ['/usr/sbin', 'root’s programs'],
    ['/usr/lib/x', 'root’s libraries'],
    ['/etc', 'root’s settings'],
    ['/var/lib', 'the data of services'],
    ['/home', 'the homes of others'],
    ['/home/../etc', 'a path that hides another'],
    ['relative', 'no absolute path'],
    ['', 'nothing'],
  ])('a home of %s, which would give the agent %s, becomes one of its own', (home) => {
    const passwd = `${ROOT}\ndev:x:1500:1600::${home}:/bin/sh\n`;
    expect(resolveUser(image('dev', passwd), {}).agent.home).toBe('/home/dev');
    expect(resolveUser(image('dev'), { user: 'dev', home }).agent.home).toBe('/home/dev');
  });

  it.each(['/home/dev', '/var/www', '/app', '/var/lib/service', '/users/x'])('a home of %s stays', (home) => {
    expect(resolveUser(image('dev', `dev:x:1500:1600::${home}:/bin/sh`), {}).agent.home).toBe(home);
  });

  it('an added user is appended to the image’s own files, which may lack a last line break', () => {
    const { added } = resolveUser({ user: '', passwd: ROOT, group: 'root:x:0:' }, {});
    expect(added).toEqual({
      passwd: `${ROOT}\nagent:x:1000:1000::/home/agent:/bin/sh\n`,
      group: 'root:x:0:\nagent:x:1000:\n',
    });
  });

  it('an added user shares a group that exists', () => {
    const users = { user: '', passwd: SYSTEM, group: 'users:x:1000:\n' };
    expect(resolveUser(users, {}).added?.group).toBe('users:x:1000:\n');
  });
});
