import { BottleError } from '../errors.ts';
import type { AgentUser } from '../guest/agent.ts';

/** What the image has to say about users. */
export interface ImageUsers {
  /** USER of the image; empty for root. */
  user: string;
  /** The content of /etc/passwd and /etc/group; empty when missing. */
  passwd: string;
  group: string;
}

/** What the provider wants; used only if the image has that user. */
export interface WantedUser {
  user?: string | undefined;
  home?: string | undefined;
  /** The operator's own choice of the home, whoever the user is. */
  guestHome?: string | undefined;
}

export interface ResolvedUser {
  agent: AgentUser;
  /** The image's new files, when the user had to be added. */
  added?: { passwd: string; group: string };
}

/** The user that the kit adds to an image without an ordinary one. */
const ADDED = { name: 'agent', id: 1000, home: '/home/agent' } as const;
/** Ordinary users, not those of system services. */
const ORDINARY = { first: 1000, last: 59_999 } as const;
/** All of the home becomes the agent's, so it must not hold what root runs or reads. */
const SYSTEM_DIRECTORY =
  /^\/(?:(?:bin|boot|dev|etc|lib\w*|nonexistent|proc|run|sbin|sys|usr)(?:\/.*)?|home|opt|root|srv|tmp|var(?:\/(?:empty|lib|run|tmp))?)?\/*$/;

/**
 * Chooses the agent's user, the first that there is of: the one that the provider wants, the image's USER, the
 * image's first ordinary user, one that is added. Root only if the provider wants it.
 * @throws BottleError `image-unusable` when USER is not in the image, `usage` for an unusable home.
 */
export function resolveUser(image: ImageUsers, wanted: WantedUser): ResolvedUser {
  const { guestHome: home } = wanted;
  const resolved = chooseUser(image, wanted);
  if (home === undefined) return resolved;
  if (isUsableHome(home)) return { ...resolved, agent: { ...resolved.agent, home } };
  throw new BottleError('usage', `BOT_BOTTLE_GUEST_HOME is ${home}, a directory of the system`, {
    hint: 'Name a directory that may become the agent’s, such as /home/dev.',
  });
}

function chooseUser(image: ImageUsers, wanted: WantedUser): ResolvedUser {
  const users = usersOf(image.passwd);
  const asWanted = users.find(({ name }) => name === wanted.user);
  if (asWanted !== undefined) {
    const entry = { ...asWanted, home: wanted.home ?? asWanted.home };
    return { agent: { ...entry, user: entry.name, home: homeOf(entry) } };
  }
  const own = image.user === '' ? undefined : userOf(image);
  if (own !== undefined && own.uid !== 0) return { agent: own };
  const ordinary = users.find(({ uid }) => uid >= ORDINARY.first && uid <= ORDINARY.last);
  if (ordinary !== undefined) return { agent: { ...ordinary, user: ordinary.name, home: homeOf(ordinary) } };
  return addUser(image);
}

/** Resolves USER as the engine does. */
function userOf({ user, passwd, group: groups }: ImageUsers): AgentUser {
  const [name = '', group] = user.split(':');
  const found = usersOf(passwd).find((entry) => entry.name === name || String(entry.uid) === name);
  const uid = found?.uid ?? (name === 'root' ? 0 : idOf(name));
  const gid = group === undefined ? (found?.gid ?? 0) : (groupsOf(groups).get(group) ?? idOf(group));
  if (uid === undefined || gid === undefined) {
    throw new BottleError(
      'image-unusable',
      `the image’s USER is ${user}, which its /etc/passwd does not have`,
      {
        hint: 'Add that user to the image, or name another one with USER in its Dockerfile.',
      },
    );
  }
  const entry = { name: found?.name ?? name, uid, gid, home: found?.home ?? '' };
  return { ...entry, user, home: homeOf(entry) };
}

function addUser({ passwd, group }: ImageUsers): ResolvedUser {
  const { name, id, home } = ADDED;
  const withLine = (text: string, line: string) => `${text}${/[^\n]$/.test(text) ? '\n' : ''}${line}\n`;
  const hasGroup = [...groupsOf(group)].some(([known, gid]) => known === name || gid === id);
  return {
    agent: { user: name, name, uid: id, gid: id, home },
    added: {
      passwd: withLine(passwd, `${name}:x:${id}:${id}::${home}:/bin/sh`),
      group: hasGroup ? group : withLine(group, `${name}:x:${id}:`),
    },
  };
}

function homeOf({ name, uid, home }: { name: string; uid: number; home: string }): string {
  if (uid === 0) return '/root';
  return isUsableHome(home) ? home : `/home/${name}`;
}

function isUsableHome(home: string): boolean {
  return home.startsWith('/') && !home.split('/').includes('..') && !SYSTEM_DIRECTORY.test(home);
}

function usersOf(passwd: string): { name: string; uid: number; gid: number; home: string }[] {
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    const ids = [idOf(uid), idOf(gid)];
    if (name === '' || ids[0] === undefined || ids[1] === undefined) return [];
    return [{ name, uid: ids[0], gid: ids[1], home }];
  });
}

function groupsOf(group: string): Map<string, number> {
  const entries = group.split('\n').map((line) => line.split(':'));
  return new Map(
    entries.flatMap(([name = '', , gid = '']) => (idOf(gid) === undefined ? [] : [[name, Number(gid)]])),
  );
}

function idOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
