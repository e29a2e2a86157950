import { userInfo } from 'node:os';

/** Who decides. A user without a name in the system is known by number. */
export function hostUser(): string {
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
