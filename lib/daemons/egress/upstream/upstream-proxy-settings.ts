import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import * as z from 'zod';
import { UPSTREAM_CA_ENV, UPSTREAM_PROXY_ENV } from '../../contract/egress/upstream-proxy.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** Values of `--upstream-proxy` and `--upstream-ca`. */
export interface UpstreamProxyFlags {
  readonly proxy?: string | undefined;
  readonly ca?: string | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const proxyUrl = z
  .string()
  .refine((text) => URL.canParse(text), 'is no URL')
  .transform((text) => new URL(text))
  .refine(({ protocol }) => protocol === 'http:', 'must begin with http://')
  .refine(({ username, password }) => username === '' && password === '', 'must hold no credentials')
  .refine(
    ({ hostname, pathname, search, hash }) => hostname !== '' && pathname + search + hash === '/',
    'must be of the form http://HOST:PORT',
  );

/**
 * Reads the upstream proxy from a flag or the environment; the flag wins. `undefined` when neither is set.
 * @throws Error naming the invalid flag or variable, but never the content of a URL with credentials.
 */
export async function readUpstreamProxy(
  flags: UpstreamProxyFlags,
  environment: NodeJS.ProcessEnv,
): Promise<UpstreamProxy | undefined> {
  const proxy = setting('--upstream-proxy', flags.proxy, UPSTREAM_PROXY_ENV, environment);
  const ca = setting('--upstream-ca', flags.ca, UPSTREAM_CA_ENV, environment);
  if (proxy === undefined) {
    if (ca === undefined) return undefined;
    throw new Error(`${ca.name} is set without an upstream proxy: set ${UPSTREAM_PROXY_ENV} too`);
  }
  const parsed = proxyUrl.safeParse(proxy.value);
  if (!parsed.success) {
    throw new Error(`${proxy.name} ${parsed.error.issues[0]?.message}: write http://HOST:PORT`);
  }
  const { hostname, port } = parsed.data;
  const where = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) };
  return ca === undefined ? where : { ...where, trust: await readTrust(ca.name, ca.value) };
}

interface Setting {
  /** Name of the flag or variable. */
  readonly name: string;
  readonly value: string;
}

/** An empty value counts as absent, as with proxy variables everywhere. */
function setting(
  flag: string,
  flagValue: string | undefined,
  variable: string,
  environment: NodeJS.ProcessEnv,
): Setting | undefined {
  if (flagValue) return { name: flag, value: flagValue };
  const value = environment[variable];
  return value ? { name: variable, value } : undefined;
}

async function readTrust(name: string, path: string): Promise<SecureContext> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error(`${name}: ${path} holds no PEM certificate`);
  try {
    for (const certificate of certificates) void new X509Certificate(certificate);
  } catch {
    throw new Error(`${name}: ${path} holds a certificate that cannot be read`);
  }
  return createSecureContext({ ca: certificates });
}
