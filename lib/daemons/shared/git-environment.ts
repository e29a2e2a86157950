import { dirname } from 'node:path';

/**
 * Bytes that git may allocate at once: a pack of 16 kB can ask for gigabytes. Files above `core.bigFileThreshold` are
 * streamed and need less.
 */
const ALLOC_LIMIT = '200m';

/** The whole environment of git, with the configuration in the file `configuration` and no other. */
export function gitEnvironment(configuration: string): Record<string, string> {
  return {
    // Hooks are programs for the Node that runs this.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`,
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_ALLOC_LIMIT: ALLOC_LIMIT,
    GIT_CONFIG_GLOBAL: configuration,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
}
