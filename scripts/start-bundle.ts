#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { startBundle } from '../lib/phases/start-bundle.ts';

await phaseScript(startBundle, () => import('zx'));
