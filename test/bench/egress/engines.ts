import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Route, routesText } from '../../../lib/daemons/contract/egress/routes.ts';
import { NODE_FLAGS } from '../../../lib/daemons/init/daemon-command.ts';
import { ALLOCATOR } from '../../../lib/daemons/init/daemon-environment.ts';
import type { Engine, Job } from './engine.ts';

/** Egress, started the way the bundle's init starts it. */
export function ours(
  name: string,
  options: { readonly dlp?: Route['dlp']; readonly more?: readonly Route[] } = {},
): Engine {
  return {
    name,
    async prepare(job) {
      const scan = options.dlp === undefined ? {} : { dlp: options.dlp };
      const routes: Route[] = [
        {
          host: job.host,
          port: job.upstreamPort,
          private: true,
          auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' },
          matches: [{ paths: [{ type: 'prefix', value: '/v1' }], methods: ['GET', 'POST'] }],
          ...scan,
        },
        { host: `*.${job.suffix}`, ...scan },
        ...(options.more ?? []),
      ];
      const [file, ca] = [join(job.directory, 'routes.yaml'), join(job.directory, 'ca.pem')];
      await writeFile(file, routesText({ version: 1, routes }));
      await writeFile(ca, `${job.bottle.certificate}${job.bottle.key}`);
      const audit = ['--audit', join(job.directory, 'audit')];
      const listen = ['--listen', `127.0.0.1:${job.port}`, '--control', controlOf(job), ...audit];
      return {
        command: process.execPath,
        args: [...NODE_FLAGS, job.egress, '--routes', file, '--ca', ca, ...listen],
        env: {
          ...ALLOCATOR,
          EGRESS_TOKEN_0: job.token,
          NODE_EXTRA_CA_CERTS: job.worldFile,
          NODE_COMPILE_CACHE: job.compiled,
        },
      };
    },
  };
}

/** Path of the control socket of `ours`. */
export const controlOf = ({ directory }: Job): string => join(directory, 'egress.sock');

const NO_DLP: Route['dlp'] = { outbound_detectors: [], inbound_detectors: [] };
export const OURS = ours('egress');
export const OURS_WITHOUT_DLP = ours('egress, DLP off', { dlp: NO_DLP });

export const TUNNEL: Engine = {
  name: 'bare tunnel',
  prepare: async ({ port }) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'tunnel.ts'), String(port)],
  }),
};

/**
 * The minimum cost of an interceptor made of Node's HTTP server, TLS and undici: one that does more cannot be
 * faster.
 */
export const FORWARDER: Engine = {
  name: 'bare forwarder',
  async prepare({ directory, port, bottle, worldFile, upstreamPort, token }) {
    const ca = join(directory, 'ca.pem');
    await writeFile(ca, `${bottle.certificate}${bottle.key}`);
    const file = join(import.meta.dirname, 'forwarder.ts');
    return {
      command: process.execPath,
      args: [file, String(port), ca, worldFile, String(upstreamPort), token],
    };
  },
};

/** Allowlist and token in an addon; nothing is scanned. Like ours, connects only once there is a request. */
export const MITMPROXY: Engine = {
  name: 'mitmproxy',
  debian: { package: 'mitmproxy', program: 'mitmdump' },
  async prepare(job) {
    const addon = join(job.directory, 'addon.py');
    await writeFile(join(job.directory, 'mitmproxy-ca.pem'), `${job.bottle.key}${job.bottle.certificate}`);
    await writeFile(
      addon,
      `from mitmproxy import http

def allowed(host):
    return host == ${JSON.stringify(job.host)} or host.endswith(${JSON.stringify(`.${job.suffix}`)})

def http_connect(flow):
    if not allowed(flow.request.host):
        flow.response = http.Response.make(403)

def request(flow):
    if not allowed(flow.request.pretty_host) or not flow.request.path.startswith("/v1/"):
        flow.response = http.Response.make(403)
        return
    flow.request.headers["authorization"] = ${JSON.stringify(`Bearer ${job.token}`)}
`,
    );
    const settings = {
      confdir: job.directory,
      connection_strategy: 'lazy',
      upstream_cert: 'false',
      ssl_verify_upstream_trusted_ca: job.worldFile,
      stream_large_bodies: '1m',
    };
    const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const listen = ['--listen-host', '127.0.0.1', '--listen-port', String(job.port)];
    return { command: 'mitmdump', args: ['--quiet', ...listen, ...sets, '--scripts', addon] };
  },
};

/**
 * Allowlist and token by ACL; nothing is scanned. Bumps at the CONNECT, so it can mint a leaf without
 * connecting; keeps upstream connections for POST too, like the others.
 */
export const SQUID: Engine = {
  name: 'squid',
  debian: { package: 'squid-openssl', program: 'squid' },
  async prepare(job) {
    const at = (name: string) => join(job.directory, name);
    const helper = '/usr/lib/squid/security_file_certgen';
    await writeFile(at('ca.pem'), `${job.bottle.certificate}${job.bottle.key}`);
    await mkdir(at('run'));
    const certificates = join(at('run'), 'certificates');
    spawnSync(helper, ['-c', '-s', certificates, '-M', '16MB']);
    // Started as root, squid drops its privileges. The directory is deleted with the bench.
    await Promise.all([chmod(job.directory, 0o777), chmod(at('run'), 0o777)]);
    spawnSync('chmod', ['-R', 'a+rwX', certificates]);
    await writeFile(
      at('squid.conf'),
      `http_port 127.0.0.1:${job.port} ssl-bump tls-cert=${at('ca.pem')} generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program ${helper} -s ${certificates} -M 16MB
sslcrtd_children 1
tls_outgoing_options cafile=${job.worldFile}
acl answering dstdomain ${job.host}
acl silent dstdomain .${job.suffix}
acl version urlpath_regex ^/v1/
acl opening method CONNECT
ssl_bump bump all
server_pconn_for_nonretriable allow all
http_access allow opening answering
http_access allow opening silent
http_access allow version answering
http_access deny all
request_header_access Authorization deny all
request_header_add Authorization "Bearer ${job.token}" answering
cache deny all
cache_mem 0
access_log none
cache_log ${join(at('run'), 'cache.log')}
pid_filename ${join(at('run'), 'squid.pid')}
coredump_dir ${at('run')}
visible_hostname bench
`,
    );
    return { command: 'squid', args: ['-N', '-f', at('squid.conf')] };
  },
};
