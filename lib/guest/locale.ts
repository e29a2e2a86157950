import type { Bottle } from './bottle.ts';
import { shellWord } from './shell-script.ts';

/** What the operator's programs go by. */
export interface HostLocale {
  /** Name in the IANA database, such as `Europe/Berlin`. */
  readonly zone: string;
  readonly LANG?: string | undefined;
  readonly LC_ALL?: string | undefined;
}

/** What every C library has, or ignores. */
const FALLBACK = 'C.UTF-8';
const ZONE_NAME = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/;

/** Returns the locale of this process. The zone is that of TZ or of the system. */
export function hostLocale({ LANG, LC_ALL }: NodeJS.ProcessEnv = process.env): HostLocale {
  return { zone: Intl.DateTimeFormat().resolvedOptions().timeZone, LANG, LC_ALL };
}

/**
 * Returns TZ, LANG and LC_ALL for the guest: the host's if the guest has that zone or locale, since a C library takes an
 * unknown zone for UTC and an unknown locale for ASCII. LANG falls back to C.UTF-8.
 */
export async function localeVariables(
  bottle: Pick<Bottle, 'runScript'>,
  { zone, LANG, LC_ALL }: HostLocale,
): Promise<Record<string, string>> {
  const [foundZone, ...locales] = (
    await bottle.runScript('looking for the locale', localeScript(zone))
  ).split('\n');
  const known = new Set([FALLBACK, ...locales].map(normalized));
  const has = (name: string | undefined): name is string =>
    name !== undefined && name !== '' && known.has(normalized(name));
  return {
    ...(foundZone === 'zone' ? { TZ: zone } : {}),
    LANG: has(LANG) ? LANG : FALLBACK,
    ...(has(LC_ALL) ? { LC_ALL } : {}),
  };
}

function localeScript(zone: string): string {
  const file = shellWord(`/usr/share/zoneinfo/${ZONE_NAME.test(zone) ? zone : ''}`);
  return [
    `if [ -f ${file} ]; then echo zone; else echo; fi`,
    'if command -v locale > /dev/null; then locale -a; fi',
  ].join('\n');
}

/** `locale -a` prints `de_DE.utf8` for what people write as `de_DE.UTF-8`. */
function normalized(locale: string): string {
  return locale.replace(/\.[^@]*/, (codeset) => codeset.toLowerCase().replaceAll('-', ''));
}
