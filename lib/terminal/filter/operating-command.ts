import type { Touched } from './touched.ts';

/** Bytes of an operating system command: more than any link that people follow. */
export const LONGEST_COMMAND = 4096;

/** Bytes of one whose text goes to the clipboard: 1 MiB, in base64. */
export const LONGEST_CLIPBOARD = Math.ceil((1024 * 1024 * 4) / 3) + 16;

export const CLIPBOARD = '52;';

const COLOR = String.raw`(?:\?|rgba?:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){2,3}|#(?:[0-9A-Fa-f]{3}){1,4})`;
const PALETTE = new RegExp(`^4(?:;[0-9]{1,3};${COLOR})+$`);
const DYNAMIC = new RegExp(`^(1[0-2]);${COLOR}$`);
const RESET = /^(?:104(?:;[0-9]{1,3})*|11[0-2];?)$/;
const LINK = /^8;(?:id=[!-9<-~]{1,250})?;(?:https?:\/\/[!-~]+)?$/;
const PROGRESS = /^9;4;[0-4](?:;[0-9]{0,3})?$/;

/** What may be written: a name of the clipboard, and text. Never `?`, which would read it. */
const WRITE = /^52;[cps]{0,3};(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Returns whether an operating system command, given without introducer and end, may reach the terminal. Titles may
 * not: the terminal shows the kit's.
 */
export function allowsCommand(text: string, touched: Touched, clipboard: boolean): boolean {
  if (text.startsWith(CLIPBOARD)) return clipboard && WRITE.test(text);
  const asks = /^(?:4|1[0-2]);(?:.*;)?\?/.test(text);
  if (asks && !touched.mayAsk) return false;
  if (PALETTE.test(text)) touched.colors.add(104);
  else if (DYNAMIC.test(text)) touched.colors.add(100 + Number(text.slice(0, 2)));
  else if (LINK.test(text)) touched.link = !text.endsWith(';');
  else if (PROGRESS.test(text)) touched.progress = true;
  else return RESET.test(text);
  if (asks) touched.queried = true;
  return true;
}
