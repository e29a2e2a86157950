import { readFile } from 'node:fs/promises';
import { trustCaScript } from '../guest/trust.ts';
import type { Provisioner } from './provisioner.ts';

/** Makes the guest trust the CA of the daemon that intercepts its TLS connections. */
export const ca: Provisioner = {
  name: 'ca',
  applies: () => true,
  async provision(_bottle, { caCertificate, addScript }) {
    addScript(trustCaScript(await readFile(caCertificate, 'utf8')));
  },
};
