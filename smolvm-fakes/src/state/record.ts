import { z } from 'zod';

const count = z.number().int().nonnegative();
const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().default(null);

const publishedSocketSchema = z.object({
  /** `mount`: connections from the guest go to the host. */
  direction: z.literal('mount'),
  host_path: z.string(),
  guest_path: z.string(),
});

export type PublishedSocket = z.infer<typeof publishedSocketSchema>;

/**
 * One row of `vms`, in smolvm's serialization order. Like smolvm, fills in defaults for missing fields and
 * drops unknown ones. Fields marked optional are not written when empty.
 */
export const recordSchema = z.object({
  name: z.string(),
  created_at: z.union([count, z.string().transform((text) => Math.floor(Date.parse(text) / 1000) || 0)]),
  state: z.enum(['created', 'running', 'stopped', 'failed', 'unreachable']),
  pid: nullable(count),
  pid_start_time: nullable(count),
  cpus: count.default(1),
  mem: count.default(512),
  mounts: z.array(z.tuple([z.string(), z.string(), z.boolean()])).default([]),
  ports: z.array(z.tuple([count, count])).default([]),
  network: z.boolean().default(false),
  gpu: nullable(z.boolean()),
  gpu_vram_mib: nullable(count),
  restart: z
    .object({
      policy: z.enum(['never', 'always', 'on-failure', 'unless-stopped']),
      max_retries: count,
      max_backoff_secs: count,
      restart_count: count,
      user_stopped: z.boolean(),
    })
    .default({
      policy: 'never',
      max_retries: 0,
      max_backoff_secs: 300,
      restart_count: 0,
      user_stopped: false,
    }),
  last_exit_code: nullable(z.number().int()),
  init: z.array(z.string()).default([]),
  init_completed: z.boolean().default(false),
  env: z.array(z.tuple([z.string(), z.string()])).default([]),
  workdir: nullable(z.string()),
  user: z.string().optional(),
  storage_gb: nullable(count),
  overlay_gb: nullable(count),
  /** null: no policy. A non-empty list turns the network on by itself. */
  allowed_cidrs: nullable(z.array(z.string())),
  network_backend: z.enum(['tsi', 'virtio-net']).optional(),
  image: nullable(z.string()),
  entrypoint: z.array(z.string()).default([]),
  cmd: z.array(z.string()).default([]),
  health_cmd: nullable(z.array(z.string())),
  health_interval_secs: nullable(count),
  health_timeout_secs: nullable(count),
  health_retries: nullable(count),
  health_startup_grace_secs: nullable(count),
  ssh_agent: z.boolean().default(false),
  dns_filter_hosts: z.array(z.string()).optional(),
  ephemeral: z.boolean().default(false),
  /** Canonical path of the sidecar that the machine was created from. */
  source_smolmachine: z.string().optional(),
  /** From 1.6.4. */
  published_sockets: z.array(publishedSocketSchema).optional(),
  /** From 1.8.0. */
  labels: z.record(z.string(), z.string()).optional(),
});

export type VmRecord = z.infer<typeof recordSchema>;

/** A new record: smolvm's defaults, overridden by `fields`. */
export function newRecord(name: string, fields: Partial<VmRecord>): VmRecord {
  return recordSchema.parse({
    name,
    created_at: Math.floor(Date.now() / 1000),
    state: 'created',
    ...fields,
  });
}

/** Compact JSON in serialization order, without empty optional fields. */
export function serializeRecord(record: VmRecord): Buffer {
  const ordered = recordSchema.parse(record);
  if (ordered.dns_filter_hosts?.length === 0) delete ordered.dns_filter_hosts;
  if (ordered.published_sockets?.length === 0) delete ordered.published_sockets;
  if (Object.keys(ordered.labels ?? {}).length === 0) delete ordered.labels;
  return Buffer.from(JSON.stringify(ordered));
}
