#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { packArtifact } from '../lib/phases/pack-artifact.ts';

await phaseScript(packArtifact, () => import('zx'));
