/** Guest file with the bottle's CA for Java, which reads no PEM: PKCS #12 without a password. */
export const JAVA_TRUST_STORE = '/usr/share/ca-certificates/bot-bottle-egress.p12';

/**
 * Returns `JAVA_TOOL_OPTIONS`, which every Java machine reads: Java knows neither the proxy variables nor the system's CA
 * bundle. Connections to loopback are direct by default. `more` comes last, so that it wins.
 * @param proxy URL of the guest's proxy.
 */
export function javaToolOptions(proxy: string, more = ''): string {
  const { hostname, port } = new URL(proxy);
  const options = {
    ...{ 'http.proxyHost': hostname, 'http.proxyPort': port },
    ...{ 'https.proxyHost': hostname, 'https.proxyPort': port },
    'javax.net.ssl.trustStore': JAVA_TRUST_STORE,
    'javax.net.ssl.trustStoreType': 'PKCS12',
    // Maven 3.9 and later ignores the properties above without it.
    'aether.connector.http.useSystemProperties': 'true',
  };
  const own = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
  return [...own, more].join(' ').trim();
}
