#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { buildImage } from '../lib/phases/build-image.ts';

await phaseScript(buildImage, () => import('zx'));
