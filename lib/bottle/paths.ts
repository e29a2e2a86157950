import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { BottleError } from '../errors.ts';
import { assertSlug } from './slug.ts';

/** The kit's own directory: this checkout. */
export const KIT_DIRECTORY = join(import.meta.dirname, '..', '..');

/** Manifests and state: `$BOT_BOTTLE_HOME`, default `~/.bot-bottle`. */
export function homeDirectory(): string {
  return fromEnvironment('BOT_BOTTLE_HOME') ?? join(homedir(), '.bot-bottle');
}

/** Everything that can be made again: `$BOT_BOTTLE_CACHE`, default `~/.cache/bot-bottle`. */
export function cacheDirectory(): string {
  const xdg = process.env.XDG_CACHE_HOME;
  // The XDG base directory rules: a relative value is to be ignored.
  const base = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
  return fromEnvironment('BOT_BOTTLE_CACHE') ?? join(base, 'bot-bottle');
}

export function stateDirectory(): string {
  return join(homeDirectory(), 'state');
}

/** Where one bottle keeps all that it is. */
export function bottleDirectory(slug: string): string {
  assertSlug(slug);
  return join(stateDirectory(), slug);
}

/** Paths inside a bottle's directory. */
export const bottlePaths = {
  metadata: (slug: string) => join(bottleDirectory(slug), 'metadata.json'),
  phases: (slug: string) => join(bottleDirectory(slug), 'phases'),
  journal: (slug: string) => join(bottleDirectory(slug), 'journal'),
  /** The bottle's own Dockerfile, which wins over every other; most have none. */
  dockerfile: (slug: string) => join(bottleDirectory(slug), 'Dockerfile'),
  logs: (slug: string) => join(bottleDirectory(slug), 'logs'),
  /** Written by the bundle: what egress let out and denied, and what it learned. */
  audit: (slug: string) => join(bottleDirectory(slug), 'audit'),
  prompt: (slug: string) => join(bottleDirectory(slug), 'agent', 'prompt.txt'),
  egress: (slug: string) => join(bottleDirectory(slug), 'egress'),
  ca: (slug: string) => join(bottleDirectory(slug), 'egress-ca'),
  /** Pipelock's configuration and CA. */
  pipelock: (slug: string) => join(bottleDirectory(slug), 'pipelock'),
} as const;

function fromEnvironment(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined || value === '') return undefined;
  if (isAbsolute(value)) return value;
  throw new BottleError('usage', `${name} is '${value}', which is not an absolute path`, {
    hint: `Set ${name} to an absolute path, or unset it.`,
  });
}
