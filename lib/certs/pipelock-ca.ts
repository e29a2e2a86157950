import type { BottleCa } from './bottle-ca.ts';
import { mintCa } from './mint-ca.ts';

/**
 * Mints the CA with which one bottle's pipelock signs for the hosts that egress asks it for. Of its own, so that who
 * trusts egress does not trust pipelock, nor the other way round. Its key in SEC 1 form: pipelock 2.3.0 reads no other
 * (`certgen.LoadCA`).
 */
export function mintPipelockCa(slug: string): BottleCa {
  const { privateKey, ...minted } = mintCa(slug, 'pipelock');
  return { ...minted, privateKeyPem: privateKey.export({ type: 'sec1', format: 'pem' }).toString() };
}
