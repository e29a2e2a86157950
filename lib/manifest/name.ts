/** File names that are manifests. A name becomes a path segment and a part of machine names: nothing else passes. */
export const NAME_PATTERN = /^[a-z][a-z0-9-]*$/;

export const NAME_RULE =
  'a name starts with a lower-case letter; lower-case letters, digits and hyphens follow';

export function isManifestName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
