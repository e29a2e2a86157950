import { z } from 'zod';
import { channelOf } from '../channels/channel-of.ts';
import { clockTrouble } from '../channels/probe/clocks.ts';
import { probeFinding } from '../channels/probe/findings.ts';
import { probeGuest } from '../channels/probe/probe-guest.ts';
import { wildcardListeners } from '../channels/probe/wildcard-listeners.ts';
import type { DaemonName } from '../daemons/contract/daemons.ts';
import { BottleError } from '../errors.ts';
import { Bottle } from '../guest/bottle.ts';
import { proxyDaemonOf } from '../plan/agent-facing.ts';
import { allocate } from './allocate.ts';
import { buildImage } from './build-image.ts';
import { discoverUrls } from './discover-urls.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { provision } from './provision.ts';
import { startBundle } from './start-bundle.ts';

/** Daemons of the bundle, other than the guest's proxy, that the guest must not reach but by their published ports. */
const BESIDE_THE_PROXY: ReadonlySet<DaemonName> = new Set(['git-gate', 'git-http', 'supervise']);

const confinement = z.strictObject({ findings: z.array(probeFinding) });
export type Confinement = z.infer<typeof confinement>;

/** Tests confinement from inside the guest before the agent runs: flags and records alone prove nothing. */
export const probe: Phase<Confinement> = {
  name: 'probe',
  summary: 'check confinement from inside the guest; any unexpected outcome stops the launch',
  needs: [prepare, allocate, buildImage, startBundle, discoverUrls, provision],
  record: confinement,
  durable: false,

  async run(context) {
    const [plan, { alias }, { agent }, bundle, { published }] = await readAll(
      context,
      prepare,
      allocate,
      buildImage,
      startBundle,
      discoverUrls,
    );
    const channel = channelOf(plan.smolvm.tier);
    if (channel.exposesWildcardListeners) await warnOfWildcardListeners(context.say, alias);
    const pastTheSocket = channel.needsRelay ? published : [];
    const bottle = new Bottle(plan, agent);
    const findings = await probeGuest({
      bottle,
      alias,
      proxyDaemon: proxyDaemonOf(plan),
      otherDaemons: plan.daemons.filter((daemon) => BESIDE_THE_PROXY.has(daemon)),
      bundle,
      forbidden: pastTheSocket,
    });
    const wrong = findings.filter((finding) => !finding.ok);
    if (wrong.length === 0) return { findings };
    const trouble = await clockTrouble(wrong, bottle);
    if (trouble !== undefined) throw trouble;
    const lines = wrong.map(
      ({ name, expected, outcome }) =>
        `  ${name}: should ${expected === 'works' ? 'work' : 'fail'}, but: ${outcome}`,
    );
    throw new BottleError(
      'confinement-breached',
      `the guest is not confined as required:\n${lines.join('\n')}`,
      {
        hint: 'The agent was not started. Report this with the output of `make doctor`.',
      },
    );
  },

  async isAlive() {
    // Confinement is never assumed, and the probe is cheap: every `up` repeats it.
    return false;
  },

  describe: ({ findings }) => `${findings.length} of ${findings.length} checks passed`,
};

/** A policy by address exposes all its ports, so a service that listens on all addresses is reachable. */
async function warnOfWildcardListeners(say: (line: string) => void, alias: string): Promise<void> {
  const ports = await wildcardListeners();
  if (ports.length === 0) return;
  say(
    `warning: the guest can reach services that listen on all addresses of this host, through ${alias}: ports ${ports.join(', ')}`,
  );
}
