/** What smolvm itself reads of the environment; all else (tokens above all) stays with the caller. */
const PASSED = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'TERM',
  'COLORTERM',
  'LANG',
  'LC_ALL',
  'XDG_DATA_HOME',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'RUST_LOG',
];

/** The environment that every smolvm process gets. */
export function hostEnvironment(): Record<string, string> {
  const passed = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && (PASSED.includes(name) || name.startsWith('SMOLVM_')),
  );
  return Object.fromEntries(passed.map(([name, value]) => [name, value ?? '']));
}
