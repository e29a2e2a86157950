import { atLeast } from './version.ts';

/** How create, delete, update and data-dir of the program under test are told a machine's name. */
export const named = (name: string): string[] => (atLeast('1.0.2') ? ['--name', name] : [name]);
