#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { packArtifact } from '../lib/phases/pack-artifact.ts';

await phaseScript(packArtifact, () => import('zx'));
