/** Valid manifest names. Strict, because a name becomes a path segment and part of machine names. */
export const NAME_PATTERN = /^[a-z][a-z0-9-]*$/;

export const NAME_RULE =
  'a name starts with a lowercase letter, followed by lowercase letters, digits and hyphens';

export function isManifestName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
