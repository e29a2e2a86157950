import { HttpsUpstream } from './https-upstream.ts';
import type { GatePlace } from './open-gate.ts';
import { makeScene } from './scene.ts';

/**
 * A scene whose gate reaches its upstream by HTTPS with a token. `https`: what the gate is given instead; `certified`:
 * the host that the upstream's certificate is for.
 */
export async function makeHttpsScene(
  options: Partial<Omit<GatePlace, 'https'>> & {
    https?: Partial<GatePlace['https']>;
    certified?: string;
  } = {},
) {
  const forge = await HttpsUpstream.start(options.certified);
  const { token, username, root } = forge;
  const https = { token, username, root, ...options.https };
  const scene = await makeScene({ ...options, url: forge.url, https });
  forge.repository = scene.upstream.repository;
  return {
    ...scene,
    forge,
    close: async () => {
      forge.close();
      await scene.close();
    },
  };
}

export type HttpsScene = Awaited<ReturnType<typeof makeHttpsScene>>;
