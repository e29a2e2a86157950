import { agentError } from '../errors.ts';

/** A parsed image reference. */
export interface ImageReference {
  /** Origin of the registry, e.g. `http://localhost:5000`. */
  readonly origin: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly version: string;
}

const DOCKER_HUB = 'registry-1.docker.io';

/**
 * Parses a registry reference.
 * @throws SmolvmError when the text is not one: archives, folders and stdin are not accepted.
 */
export function parseReference(text: string): ImageReference {
  const refused = (reason: string) =>
    agentError('validate image', `invalid image reference '${text}': ${reason}`);
  if (text === '' || text.length > 512) throw refused('length must be 1 to 512 characters');
  if (!/^[A-Za-z0-9._\-/:@]+$/.test(text)) throw refused('contains invalid characters');
  if (!/^[A-Za-z0-9].*[A-Za-z0-9]$|^[A-Za-z0-9]$/.test(text)) {
    throw refused('must start and end with a letter or digit');
  }
  if (text.includes('..')) throw refused("must not contain '..'");

  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  const named = first === 'localhost' || /[.:]/.test(first);
  const host = named && first !== 'docker.io' ? first : DOCKER_HUB;
  const rest = named ? text.slice(slash + 1) : text;
  const [nameAndTag = '', digest] = rest.split('@');
  const [, name = '', tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(nameAndTag) ?? [];
  const repository = host === DOCKER_HUB && !name.includes('/') ? `library/${name}` : name;
  if (!/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(repository)) throw refused('malformed repository name');
  return { origin: `${isPlain(host) ? 'http' : 'https'}://${host}`, repository, version: digest ?? tag };
}

/**
 * The hosts that go-containerregistry contacts over plain HTTP by default: local names, 127.0.0.1, RFC 1918.
 */
function isPlain(authority: string): boolean {
  const host = authority.replace(/:\d+$/, '');
  if (host === 'localhost' || host.endsWith('.localhost') || host === '127.0.0.1') return true;
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+$/.test(host);
}
