import { chunks } from './chunks.ts';
import { connect } from './connect.ts';
import { connects } from './connects.ts';
import { decoders } from './decoders.ts';
import { frames } from './frames.ts';
import { gitHttp } from './git-http.ts';
import { head } from './head.ts';
import { heads } from './heads.ts';
import { path } from './path.ts';
import { plainheads } from './plainheads.ts';
import { redaction } from './redaction.ts';
import { reflection } from './reflection.ts';
import { routes } from './routes.ts';
import { scan } from './scan.ts';
import { openSocketStage } from './socket-stage.ts';
import { stream } from './stream.ts';
import type { Target } from './target.ts';
import { terminal } from './terminal.ts';

/** Targets that need no sockets, by name. */
export const TARGETS: Readonly<Record<string, Target>> = {
  path,
  connect,
  head,
  stream,
  routes,
  scan,
  decoders,
  chunks,
  redaction,
  reflection,
  frames,
  terminal,
  'git-http': gitHttp,
};

/** Starts the real proxy and returns the targets that write to its sockets. */
export async function openSocketTargets(): Promise<{
  targets: Readonly<Record<string, Target>>;
  close(): Promise<void>;
}> {
  const stage = await openSocketStage();
  return {
    targets: {
      connects: (random) => connects(random, stage),
      plainheads: (random) => plainheads(random, stage),
      heads: (random) => heads(random, stage),
    },
    close: () => stage.close(),
  };
}
