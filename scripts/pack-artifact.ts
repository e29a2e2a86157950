#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { packArtifact } from '../lib/phases/pack-artifact.ts';

await phaseScript(packArtifact, { echo, spinner });
