import { z } from 'zod';
import { channelOf } from '../channels/channel-of.ts';
import { probeGuest } from '../channels/probe/probe-guest.ts';
import { probeFinding } from '../channels/probe/findings.ts';
import { wildcardListeners } from '../channels/probe/wildcard-listeners.ts';
import { BottleError } from '../errors.ts';
import { Bottle } from '../guest/bottle.ts';
import { proxyDaemonOf } from '../plan/agent-facing.ts';
import { allocate } from './allocate.ts';
import { discoverUrls } from './discover-urls.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { provision } from './provision.ts';
import { startBundle } from './start-bundle.ts';

const confinement = z.strictObject({ findings: z.array(probeFinding) });
export type Confinement = z.infer<typeof confinement>;

/** Tries the walls from inside before the agent does. Flags, records and config files are claims; this is proof. */
export const probe: Phase<Confinement> = {
  name: 'probe',
  summary: 'try from inside the guest what must work and what must not; anything else stops the launch',
  needs: [prepare, allocate, startBundle, discoverUrls, provision],
  record: confinement,
  durable: false,

  async run(context) {
    const [plan, { alias }, bundle, { published }] = await readAll(
      context,
      prepare,
      allocate,
      startBundle,
      discoverUrls,
    );
    const channel = channelOf(plan.smolvm.tier);
    if (channel.exposesWildcardListeners) await warnOfWildcardListeners(context.say, alias);
    const pastTheSocket = channel.needsRelay ? published : [];
    const findings = await probeGuest({
      bottle: new Bottle(plan),
      alias,
      proxyDaemon: proxyDaemonOf(plan),
      bundle,
      forbidden: pastTheSocket,
    });
    const wrong = findings.filter((finding) => !finding.ok);
    if (wrong.length === 0) return { findings };
    const lines = wrong.map(
      ({ name, expected, outcome }) => `  ${name}: should be so that it ${expected}, but: ${outcome}`,
    );
    throw new BottleError(
      'confinement-breached',
      `the guest is not confined as it must be:\n${lines.join('\n')}`,
      {
        hint: 'The agent was not started. Report this with the output of `make doctor`.',
      },
    );
  },

  async isAlive() {
    // Cheap, and the one thing that must never be taken on trust: every `up` proves it anew.
    return false;
  },

  describe: ({ findings }) => `${findings.length} of ${findings.length} tries ended as they should`,
};

/** A policy by address exposes the whole of it: a service that binds every address binds the alias too. */
async function warnOfWildcardListeners(say: (line: string) => void, alias: string): Promise<void> {
  const ports = await wildcardListeners();
  if (ports.length === 0) return;
  say(
    `warning: the guest can reach what this host serves on all addresses, through ${alias}: ports ${ports.join(', ')}`,
  );
}
