import { readFile } from 'node:fs/promises';
import { trustCaScript } from '../guest/trust.ts';
import type { Provisioner } from './provisioner.ts';

/** Makes the guest trust the CA of the daemon that intercepts its TLS connections. */
export const ca: Provisioner = {
  name: 'ca',
  applies: () => true,
  async provision(_bottle, { caCertificate, addScript }) {
    const { javaTrustStore } = await import('../certs/java-trust-store.ts');
    const certificate = await readFile(caCertificate, 'utf8');
    addScript(trustCaScript(certificate, javaTrustStore(certificate)));
  },
};
