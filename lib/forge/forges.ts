/** Forges whose API can register a deploy key. */
export const FORGES = ['gitea', 'forgejo', 'github', 'gitlab'] as const;
export type Forge = (typeof FORGES)[number];
