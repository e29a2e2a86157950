import type { Headers } from './exchange.ts';

/** A public key to be registered. */
export interface NewKey {
  readonly title: string;
  /** `ssh-ed25519 BASE64`. */
  readonly publicKey: string;
  readonly mayWrite: boolean;
}

/** How one kind of forge speaks of the deploy keys of a repository. */
export interface Dialect {
  /** As people write it. */
  readonly name: string;
  /** What a token needs, to complete `It needs …`. */
  readonly tokenNeeds: string;
  headers(token: string): Readonly<Record<string, string>>;
  /** Path of the list of a repository's keys, below the API's URL. */
  keysPath(repository: string): string;
  /** The request that registers a key, always with an explicit right to write or not. */
  creation(key: NewKey): Readonly<Record<string, unknown>>;
  /** Query of a page of the list; the first is 1. */
  pageQuery(page: number): string;
  /** Whether another page follows, when `seen` keys were listed so far. */
  hasMore(headers: Headers, seen: number): boolean;
  /** What an error response says, on one line; empty when it says nothing. */
  complaint(body: unknown): string;
  /** The page on which people see the keys. */
  settingsPage(apiUrl: string, repository: string): string;
}

/** Percent-encodes each segment of `OWNER/REPOSITORY`. */
export function encodeSegments(repository: string): string {
  return repository.split('/').map(encodeURIComponent).join('/');
}
