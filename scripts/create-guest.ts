#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { createGuest } from '../lib/phases/create-guest.ts';

await phaseScript(createGuest, () => import('zx'));
