import { allocate } from './allocate.ts';
import { attach } from './attach.ts';
import { buildImage } from './build-image.ts';
import { createGuest } from './create-guest.ts';
import { discoverUrls } from './discover-urls.ts';
import { initGuest } from './init-guest.ts';
import { mintCerts } from './mint-certs.ts';
import { mintKeys } from './mint-keys.ts';
import { packArtifact } from './pack-artifact.ts';
import type { Phase } from './phase.ts';
import { prepare } from './prepare.ts';
import { probe } from './probe.ts';
import { provision } from './provision.ts';
import { startBundle } from './start-bundle.ts';
import { startGuest } from './start-guest.ts';
import { workspace } from './workspace.ts';

/** All phases of the lifecycle, each after those that it needs. */
export const PHASES: readonly Phase<unknown>[] = [
  prepare,
  allocate,
  mintCerts,
  mintKeys,
  startBundle,
  discoverUrls,
  buildImage,
  packArtifact,
  createGuest,
  startGuest,
  initGuest,
  provision,
  probe,
  workspace,
  attach,
];
