import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { execa } from 'execa';
import { type Dispatcher, ProxyAgent } from 'undici';
import { daemonPort } from '../../../lib/daemons/contract/daemons.ts';
import { bundleName } from '../../../lib/plan/names.ts';
import { KIT, Sandbox } from '../../support/kit.ts';
import { StandIn } from '../../support/stand-in.ts';

/** Played by a stand-in on a network of its own. */
export const HOST = 'wanted.example';

const PHASES = ['allocate', 'mint-certs', 'mint-keys', 'start-bundle'];

/** A bundle as `make launch` starts it, with an agent outside of a guest: the guest has no part in what is measured. */
export interface Stage {
  readonly user: Sandbox;
  readonly slug: string;
  /** Connected to the bundle's supervise daemon. */
  readonly agent: Client;
  /** Through the bundle's egress. */
  readonly proxy: Dispatcher;
  stop(): Promise<void>;
}

/** @throws Error when the bundle does not start. */
export async function openStage(): Promise<Stage> {
  const upstream = new StandIn(join(KIT, 'test/support/supervise/hello.ts'), [HOST]);
  const user = new Sandbox();
  await upstream.start();
  user.env.NODE_EXTRA_CA_CERTS = upstream.roots;
  // So that the tunnel is open before, and what is measured is the decision alone.
  const routes = `egress: {routes: [{host: ${HOST}, matches: [{methods: [HEAD]}]}]}\n`;
  await user.writeAgent('asker', ['true'], routes);
  const prepared = await user.run('prepare', ['--agent', 'asker']);
  const slug = prepared.stdout.trim();
  for (const phase of PHASES) {
    const { exitCode, stderr } = await user.run(phase, ['--bottle', slug]);
    if (exitCode !== 0) throw new Error(`${phase}: ${stderr}`);
  }
  const leave = upstream.serve(user);
  const proxy = new ProxyAgent({
    uri: `http://${await published(slug, daemonPort('egress'))}`,
    // Its certificate is not what is measured.
    requestTls: { rejectUnauthorized: false },
  });
  const agent = new Client({ name: 'agent', version: '1' });
  const url = new URL(`http://${await published(slug, daemonPort('supervise'))}/`);
  await agent.connect(new StreamableHTTPClientTransport(url));
  return {
    ...{ user, slug, agent, proxy },
    async stop() {
      leave();
      await agent.close();
      await proxy.destroy();
      await user.run('teardown', ['--bottle', slug, '--discard']);
      await upstream.stop();
      user.remove();
    },
  };
}

/** Address of a daemon on this machine. */
async function published(slug: string, port: number): Promise<string> {
  const { stdout } = await execa('docker', ['port', bundleName(slug), `${port}/tcp`]);
  return stdout.split('\n')[0] ?? '';
}
