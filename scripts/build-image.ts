#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { buildImage } from '../lib/phases/build-image.ts';

await phaseScript(buildImage, () => import('zx'));
