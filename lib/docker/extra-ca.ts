import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BottleError } from '../errors.ts';

/** In Node's order: the first is Node's own, the second is OpenSSL's. */
const VARIABLES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'] as const;
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/;

/**
 * Returns the absolute path of the host's extra CA bundle, as used in networks that inspect TLS.
 *
 * Image builds use the bundle without leaving it in the image. The legacy builder has no secret mounts, so
 * the file is copied into the build context, and only a stage other than the final one sees it:
 *
 * ```dockerfile
 * FROM node AS modules
 * COPY extra-ca.pem /tmp/extra-ca.pem
 * COPY package.json package-lock.json /app/
 * RUN NODE_EXTRA_CA_CERTS=/tmp/extra-ca.pem npm ci --prefix /app
 * FROM node
 * COPY --from=modules /app /app
 * ```
 *
 * Without a bundle the context contains an empty file, which Node treats as "no extra CA".
 * @throws BottleError `variable-missing` naming the variable whose file cannot be read or has no certificate.
 */
export async function extraCaFile(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const name = VARIABLES.find((variable) => env[variable]);
  const path = name && env[name];
  if (!path) return undefined;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BottleError('variable-missing', `${name} names ${path}, which cannot be read`, {
      hint: `Set ${name} to a readable PEM file, or unset it.`,
      cause,
    });
  });
  if (CERTIFICATE.test(text)) return resolve(path);
  throw new BottleError('variable-missing', `${name} names ${path}, which contains no PEM certificate`, {
    hint: `Set ${name} to a file of PEM certificates, or unset it.`,
  });
}
