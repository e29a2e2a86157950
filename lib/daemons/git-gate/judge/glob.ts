/** Whether `name` is one that `glob` stands for: `*` is anything within a segment, `**` anything at all. */
export function globMatches(glob: string, name: string): boolean {
  const parts = glob.split(/(\*+)/).map((part) => {
    if (!part.startsWith('*')) return part.replace(/[^A-Za-z0-9_/-]/gu, '\\$&');
    return part.length === 1 ? '[^/]*' : '.*';
  });
  return new RegExp(`^${parts.join('')}$`, 's').test(name);
}
