#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { startBundle } from '../lib/phases/start-bundle.ts';

await phaseScript(startBundle, { echo, spinner });
