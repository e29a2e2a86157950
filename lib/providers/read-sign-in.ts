import { readFile } from 'node:fs/promises';
import { BottleError, messageOf } from '../errors.ts';
import { isMissing } from '../host/files.ts';
import { shortPath } from '../host/short-path.ts';
import type { SignIn } from './provider.ts';

/**
 * Reads a sign-in of this host.
 * @throws BottleError `credentials-unusable`, naming the file but revealing none of its content.
 */
export async function readSignIn(
  signIn: SignIn,
  now = Date.now(),
): Promise<{ token: string; details: Record<string, string> }> {
  const file = signIn.file();
  const unusable = (reason: string) =>
    new BottleError('credentials-unusable', `the host’s sign-in ${shortPath(file)} ${reason}`, {
      hint: signIn.hint,
    });
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusable(isMissing(error) ? 'does not exist' : 'cannot be read by this user');
  });
  const read = attempt(
    () => signIn.read(content),
    (error) => unusable(messageOf(error)),
  );
  if (typeof read.token !== 'string' || read.token === '') throw unusable('contains no token');
  const { token, details, expires } = read;
  if (expires !== undefined && expires.getTime() <= now)
    throw unusable(`expired at ${expires.toISOString()}`);
  return { token, details };
}

function attempt<T>(work: () => T, failed: (error: unknown) => Error): T {
  try {
    return work();
  } catch (error) {
    throw failed(error);
  }
}
