import type { Verb } from '../cli/command.ts';
import { DEFAULT_NAME } from '../machine/name.ts';
import type { Profile } from '../profile.ts';
import { execute } from './machine-exec.ts';

/** `exec -it -- /bin/sh`. The help promises to start a stopped machine, but smolvm never has. */
export function machineShell(profile: Profile): Verb {
  return {
    spec: {
      words: 'machine shell',
      about: 'Open a shell in a machine, starting it if needed',
      options: [{ long: 'name', short: 'n', value: 'NAME', help: 'Machine to enter [default: default]' }],
    },
    machineOf: (args) => args.value('name') ?? DEFAULT_NAME,
    run: (args) =>
      execute(profile, { ...args, trailing: ['/bin/sh'] }, { interactive: true, terminal: true }),
  };
}
