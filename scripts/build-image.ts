#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { buildImage } from '../lib/phases/build-image.ts';

await phaseScript(buildImage, { echo, spinner });
