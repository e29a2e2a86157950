/** Variables that smolvm reads. Everything else, tokens above all, is withheld. */
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

/** Returns the environment for every smolvm process. */
export function hostEnvironment(): Record<string, string> {
  const passed = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && (PASSED.includes(name) || name.startsWith('SMOLVM_')),
  );
  return Object.fromEntries(passed.map(([name, value]) => [name, value ?? '']));
}
