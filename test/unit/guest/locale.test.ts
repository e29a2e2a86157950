import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { hostLocale, localeVariables } from '../../../lib/guest/locale.ts';

/** A guest that says it has these locales. */
const guestWith = (...locales: string[]) => ({ runScript: async () => ['zone', ...locales, ''].join('\n') });

const HOST = { zone: 'Europe/Berlin', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' };

describe('the host’s locale in the guest', () => {
  it('a locale that the guest has arrives, however the guest spells its character set', async () => {
    expect(await localeVariables(guestWith('C', 'de_DE.utf8'), HOST)).toEqual({
      TZ: 'Europe/Berlin',
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'de_DE.UTF-8',
    });
  });

  it('without that locale in the guest, LANG is C.UTF-8 and LC_ALL unset', async () => {
    const guest = guestWith('C', 'de_DE.iso88591', 'de_AT.utf8');
    expect(await localeVariables(guest, HOST)).toEqual({ TZ: 'Europe/Berlin', LANG: 'C.UTF-8' });
  });

  it('a zone is set only if its file exists, and no zone can name a file elsewhere', async () => {
    const here = {
      runScript: async (_purpose: string, script: string) => (await execa('/bin/sh', ['-c', script])).stdout,
    };
    for (const zone of ['No/Such_Place', '../../../etc/passwd', "'; echo zone; '"]) {
      expect(await localeVariables(here, { zone })).not.toHaveProperty('TZ');
    }
  });

  it('the host’s zone is that of its TZ, or of the system', () => {
    expect(hostLocale({}).zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });
});
