import { z } from 'zod';

/** The configuration document of a Docker or OCI image. */
export const configSchema = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
    })
    .nullish(),
});

export type ImageConfig = z.infer<typeof configSchema>;

/** What a machine inherits from its image. */
export function machineFieldsOf({ config }: ImageConfig) {
  return {
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    env: config?.Env ?? [],
    workdir: config?.WorkingDir || null,
    user: config?.User || undefined,
  };
}
