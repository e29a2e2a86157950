import { expect, it, vi } from 'vitest';
import { machineFolder, machineFolders } from '../../../lib/smolvm/machine-folder.ts';
import { stateDbPath } from '../../../lib/smolvm/state-db.ts';
import { databasePath, vmDirectory } from '../../../smolvm-fakes/src/paths.ts';

it.each(['linux', 'darwin'] as const)(
  'the kit reads the state where the fake writes it, on %s',
  (platform) => {
    vi.stubEnv('XDG_DATA_HOME', '/somewhere/data');
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere/cache');
    expect(databasePath(platform)).toBe(stateDbPath(platform));
    expect(vmDirectory('demo-1', platform).startsWith(`${machineFolders(platform)}/`)).toBe(true);
    expect(vmDirectory('demo-1')).toBe(machineFolder('demo-1'));
  },
);
