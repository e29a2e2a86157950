import { z } from 'zod';

/** The agent's user in the guest. */
export const agentUser = z.strictObject({
  /** As in an image's USER: `NAME`, `UID`, `NAME:GROUP` or `UID:GID`. */
  user: z.string().min(1),
  /** The user's name; its uid when it has none. */
  name: z.string().min(1),
  uid: z.number().int().nonnegative(),
  gid: z.number().int().nonnegative(),
  /** Absolute path; never a directory of the system, since all of it becomes the agent's. */
  home: z.string().startsWith('/'),
});
export type AgentUser = z.infer<typeof agentUser>;

/** What runs in the guest, as its image and its plan have it. */
export const agentSchema = agentUser.extend({
  /** Where sessions start: the copy of the operator's directory, else the image's WORKDIR, else the home. */
  directory: z.string().startsWith('/'),
  /** The image's ENV. */
  environment: z.record(z.string(), z.string()),
  /** The program and its arguments. */
  command: z.array(z.string()).min(1),
});
export type Agent = z.infer<typeof agentSchema>;
