import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

export interface Roots {
  /** PEM: whom HTTPS upstreams are verified by. */
  readonly file: string;
  /** An empty directory, in the place of the machine's roots. */
  readonly none: string;
}

export function rootsIn(directory: string): Roots {
  return { file: join(directory, 'roots.pem'), none: join(directory, 'no-roots') };
}

/**
 * Writes the roots that egress verifies by too, Node's own and those of NODE_EXTRA_CA_CERTS, where git finds them: the
 * image may have none.
 */
export async function writeRoots(
  { file, none }: Roots,
  certificates: readonly string[] = getCACertificates('default'),
): Promise<void> {
  await mkdir(none, { recursive: true, mode: 0o700 });
  await writeFile(file, certificates.map((certificate) => `${certificate.trim()}\n`).join(''));
}
