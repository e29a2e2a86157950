import { z } from 'zod';

const fileSchema = z.object({ path: z.string(), size: z.number().int().nonnegative() });

/** A pack's manifest. It lacks the image's USER in every version. */
export const manifestSchema = z.object({
  mode: z.enum(['container', 'vm']),
  image: z.string(),
  /** Digest of the image's configuration, not of its manifest. */
  digest: z.string(),
  platform: z.string(),
  entrypoint: z.array(z.string()).optional(),
  cmd: z.array(z.string()).optional(),
  env: z.array(z.string()).optional(),
  workdir: z.string().optional(),
  cpus: z.number().int(),
  mem: z.number().int(),
  image_size: z.number().int(),
  network: z.boolean(),
  gpu: z.boolean(),
  host_platform: z.string(),
  created: z.string(),
  smolvm_version: z.string(),
  assets: z.object({
    libraries: z.array(fileSchema),
    agent_rootfs: fileSchema,
    layers: z.array(fileSchema.extend({ digest: z.string() })),
  }),
});

export type PackManifest = z.infer<typeof manifestSchema>;
