import { isIP } from 'node:net';
import { z } from 'zod';
import { routeHost } from '../../daemons/contract/egress/routes.ts';
import { fail } from './rule.ts';

const hostName = z
  .string()
  .transform((text) => text.toLowerCase())
  .superRefine((text, context) => {
    if (!routeHost.safeParse(text).success)
      fail(context, 'is not a DNS name', 'Write, for example, `git.example.com`.');
  });

const address = z.string().superRefine((text, context) => {
  if (isIP(text) === 0) fail(context, 'is not an IP address', 'Write, for example, `10.0.0.5`.');
});

/** `extra_hosts` of a repository: entries for the gate's hosts file. */
export const extraHosts = z.record(hostName, address);
