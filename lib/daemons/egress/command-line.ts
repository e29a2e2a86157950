import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { daemonPort } from '../contract/daemons.ts';

export interface Settings {
  /** Path of the routes file. */
  readonly routes: string;
  /** Path of the PEM with the CA's certificate and key. */
  readonly ca: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Directory of the audit files; `-` means standard output. */
  readonly audit: string;
  /** Path of the Unix socket that triggers a reload of the routes; `undefined` for none. */
  readonly control: string | undefined;
  /** Directory with tokens that replace those of the environment, read again at each reload; `undefined` for none. */
  readonly slots: string | undefined;
  /** Directory in memory for what the next egress of the bundle goes on with; `undefined`: it begins anew. */
  readonly run: string | undefined;
  /** Path of the Unix socket of the daemon that asks a person; `undefined`: nobody is asked. */
  readonly supervise: string | undefined;
  readonly upstreamProxy: string | undefined;
  readonly upstreamCa: string | undefined;
}

/** The command line is invalid. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message} (--help says what there is)`);
  }
}

const OPTIONS = {
  routes: { type: 'string' },
  ca: { type: 'string' },
  listen: { type: 'string', default: `127.0.0.1:${daemonPort('egress')}` },
  audit: { type: 'string', default: '-' },
  control: { type: 'string' },
  slots: { type: 'string' },
  run: { type: 'string' },
  supervise: { type: 'string' },
  'upstream-proxy': { type: 'string' },
  'upstream-ca': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const HELP = `usage: node lib/daemons/egress/main.ts --routes FILE --ca FILE [options]

An HTTP proxy that ends TLS, and lets out only what the routes allow. docs/egress.md tells the rest.

  --routes FILE            what is allowed (YAML or JSON)
  --ca FILE                PEM: certificate and EC or RSA key of a CA that the clients trust
  --listen ADDRESS:PORT    where it listens (${OPTIONS.listen.default})
  --audit DIR              where it writes what was let out and what was not; - is standard output (${OPTIONS.audit.default})
  --control SOCKET         Unix socket: who connects has the routes read again, and is told how that went
  --slots DIR              tokens that replace those of the environment: a file a slot
  --run DIR                in memory: keeps approvals of values good when egress is started again
  --supervise SOCKET       Unix socket of the daemon that asks a person about requests with secrets in them
  --upstream-proxy URL     http://HOST:PORT of a proxy to go through (EGRESS_UPSTREAM_PROXY)
  --upstream-ca FILE       PEM: the CA of that proxy, if it ends TLS too (EGRESS_UPSTREAM_CA)
  --help                   print this

Tokens that routes name come from the environment (EGRESS_TOKEN_0, ...), more roots for upstreams from
NODE_EXTRA_CA_CERTS. SIGHUP has the routes read again; SIGTERM and Ctrl-C end it once requests are over.
`;

/** Parses the command line. Returns `'help'` for `--help`. @throws UsageError */
export function readCommandLine(args: readonly string[]): Settings | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const { routes, ca, listen, audit, control, slots, run, supervise } = values;
  if (!routes) throw new UsageError('--routes FILE is missing');
  if (!ca) throw new UsageError('--ca FILE is missing');
  return {
    routes,
    ca,
    listen: listenAddress(listen),
    audit,
    control,
    slots,
    run,
    supervise,
    upstreamProxy: values['upstream-proxy'],
    upstreamCa: values['upstream-ca'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    // Node appends advice about positional arguments, which egress does not take.
    const [fault] = (error instanceof Error ? error.message : String(error)).split('. To specify');
    throw new UsageError(fault ?? '');
  }
}

/** Parses an address such as `127.0.0.1:9099` or `[::1]:9099`. @throws UsageError */
function listenAddress(text: string): Settings['listen'] {
  const match = /^(?:\[([0-9a-f:]+)\]|([0-9.]+)):([0-9]{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || isIP(host) === 0 || port > 65_535) {
    throw new UsageError(`--listen ${text}: write ADDRESS:PORT, such as ${OPTIONS.listen.default}`);
  }
  return { host, port };
}
