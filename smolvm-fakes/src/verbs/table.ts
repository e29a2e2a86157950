import type { Verb } from '../cli/command.ts';
import type { Profile } from '../profile.ts';

/**
 * A subcommand: how it is listed, and how to load it. Loading one verb per run skips the code of the others.
 */
export interface Entry {
  readonly names: readonly [string, ...string[]];
  readonly about: string;
  readonly load: (profile: Profile) => Promise<Verb>;
}

export const MACHINE: readonly Entry[] = [
  {
    names: ['exec'],
    about: 'Run a command in a running machine',
    load: async (profile) => (await import('./machine-exec.ts')).machineExec(profile),
  },
  {
    names: ['create'],
    about: 'Create a machine without starting it',
    load: async (profile) => (await import('./machine-create.ts')).machineCreate(profile),
  },
  {
    names: ['start'],
    about: 'Start a machine',
    load: async (profile) => (await import('./machine-start.ts')).machineStart(profile),
  },
  {
    names: ['stop'],
    about: 'Stop a running machine',
    load: async (profile) => (await import('./machine-stop.ts')).machineStop(profile),
  },
  {
    names: ['delete', 'rm'],
    about: 'Delete a machine [aliases: rm]',
    load: async (profile) => (await import('./machine-delete.ts')).machineDelete(profile),
  },
  {
    names: ['status'],
    about: 'Show the state of a machine',
    load: async (profile) => (await import('./machine-status.ts')).machineStatus(profile),
  },
  {
    names: ['ls', 'list'],
    about: 'List machines [aliases: list]',
    load: async (profile) => (await import('./machine-ls.ts')).machineLs(profile),
  },
  {
    names: ['update'],
    about: 'Change a stopped machine',
    load: async (profile) => (await import('./machine-update.ts')).machineUpdate(profile),
  },
  {
    names: ['shell', 'sh'],
    about: 'Open a shell in a machine [aliases: sh]',
    load: async (profile) => (await import('./machine-shell.ts')).machineShell(profile),
  },
  {
    names: ['cp'],
    about: 'Copy a file to or from a machine',
    load: async (profile) => (await import('./machine-cp.ts')).machineCp(profile),
  },
  {
    names: ['data-dir'],
    about: "Print a machine's folder",
    load: async (profile) => (await import('./machine-data-dir.ts')).machineDataDir(profile),
  },
];

export const PACK: readonly Entry[] = [
  {
    names: ['create'],
    about: 'Create a portable machine from an image',
    load: async (profile) => (await import('./pack-create.ts')).packCreate(profile),
  },
];
