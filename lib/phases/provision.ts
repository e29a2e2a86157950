import { z } from 'zod';
import { readMetadata } from '../bottle/metadata.ts';
import { Bottle } from '../guest/bottle.ts';
import { ENVIRONMENT_FILE, guestEnvironment } from '../guest/environment.ts';
import { hostLocale, localeVariables } from '../guest/locale.ts';
import { homeDirectory } from '../host/directories.ts';
import { readFileVariables } from '../host/dotenv-file.ts';
import { readHostVariables } from '../host/variables.ts';
import { agentFacing, proxyDaemonOf } from '../plan/agent-facing.ts';
import { providerFor } from '../providers/registry.ts';
import { provisionGuest } from '../provision/provisioners.ts';
import { allocate } from './allocate.ts';
import { buildImage } from './build-image.ts';
import { discoverUrls } from './discover-urls.ts';
import { initGuest } from './init-guest.ts';
import { mintCerts } from './mint-certs.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';

const provisioned = z.strictObject({
  machine: z.string(),
  promptFile: z.string(),
  /** Names of the guest's variables; their values exist only in the guest. */
  variables: z.array(z.string()),
});
export type ProvisionedGuest = z.infer<typeof provisioned>;

/** Provides what the agent needs: trust in the bottle's CA first, then prompt and environment. */
export const provision: Phase<ProvisionedGuest> = {
  name: 'provision',
  summary: 'put the CA, the prompt and the environment into the guest',
  needs: [prepare, allocate, buildImage, mintCerts, discoverUrls, initGuest],
  record: provisioned,
  durable: false,

  secrets: ({ environment }) => Object.values(environment.forwarded),

  async run(context) {
    const [plan, { alias }, { agent }, certs, { proxy, gitGate, supervise }, { machine }] = await readAll(
      context,
      prepare,
      allocate,
      buildImage,
      mintCerts,
      discoverUrls,
      initGuest,
    );
    const { name: user, home, environment: image } = agent;
    const provider = await providerFor(plan.provider.template, homeDirectory());
    const label = (await readMetadata(context.slug))?.label ?? '';
    const promptFile = `${home}/.bot-bottle-prompt.txt`;
    const { literals, forwarded, files } = plan.environment;
    const configured = {
      ...literals,
      ...(await readFileVariables(files)),
      ...readHostVariables(forwarded),
    };
    const bottle = new Bottle(plan, agent);
    const environment = guestEnvironment({
      ...{ slug: context.slug, user, home, proxy, gitGate, supervise, alias, promptFile, image, configured },
      locale: await localeVariables(bottle, hostLocale()),
      // From them the agent would take another credential than the one that the bottle chose.
      withheld: plan.provider.credential === undefined ? [] : provider.credentialVariables,
    });
    const { certificate: caCertificate } = (proxyDaemonOf(plan) === 'pipelock' && certs.pipelock) || certs;
    const channel = { slug: context.slug, alias, daemons: agentFacing(plan) };
    await provisionGuest(bottle, {
      ...{ plan, provider, label, channel },
      ...{ caCertificate, environment, promptFile, gitGate, supervise },
    });
    return { machine, promptFile, variables: Object.keys(environment).toSorted() };
  },

  async isAlive(context, { promptFile }) {
    const [plan, { agent }] = await readAll(context, prepare, buildImage);
    const bottle = new Bottle(plan, agent);
    const found = await bottle.exec([
      '/bin/sh',
      '-c',
      '[ -f "$1" ] && [ -f "$2" ]',
      'sh',
      ENVIRONMENT_FILE,
      promptFile,
    ]);
    return found.exitCode === 0;
  },

  describe: ({ variables }) => `CA trusted, prompt and ${variables.length} variables in place`,
};
