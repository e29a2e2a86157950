import { isTyped, type KeyName } from './keys.ts';

/** A text after one more key. */
export function typed(text: string, key: KeyName): string {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl-u') return '';
  return isTyped(key) ? text + key : text;
}
