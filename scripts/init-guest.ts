#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { initGuest } from '../lib/phases/init-guest.ts';

await phaseScript(initGuest, () => import('zx'));
