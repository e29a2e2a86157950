import { z } from 'zod';

/** A deploy key that is registered at its forge. */
export const mintedKey = z.strictObject({
  /** Name of the repository in the gate. */
  repo: z.string(),
  title: z.string(),
  /** The forge's id of the key. */
  keyId: z.number().int().positive(),
  /** The private key, 0600, on the host. */
  file: z.string(),
  /** As `ssh-keygen -l` prints it: `SHA256:…`. */
  fingerprint: z.string(),
});
export type MintedKey = z.infer<typeof mintedKey>;
