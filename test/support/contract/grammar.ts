import { atLeast } from './version.ts';

/** Arguments that give create, delete, update and data-dir of the program under test a machine's name. */
export const named = (name: string): string[] => (atLeast('1.0.2') ? ['--name', name] : [name]);
