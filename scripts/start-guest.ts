#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { startGuest } from '../lib/phases/start-guest.ts';

await phaseScript(startGuest, () => import('zx'));
