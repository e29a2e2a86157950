import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';

/**
 * Returns what requests to forges go through: verified TLS, and the proxy that HTTPS_PROXY and NO_PROXY name. Trusts
 * Node's own roots, which NODE_EXTRA_CA_CERTS adds to, and the certificates of `rootsFile`.
 */
export async function forgeNetwork(rootsFile: string | undefined, connectMs: number): Promise<Dispatcher> {
  const extra = rootsFile === undefined ? [] : [await readFile(rootsFile, 'utf8')];
  const tls = { ca: [...getCACertificates('default'), ...extra] };
  return new EnvHttpProxyAgent({
    connect: { ...tls, timeout: connectMs },
    ...{ requestTls: tls, proxyTls: tls, connectTimeout: connectMs },
  });
}
