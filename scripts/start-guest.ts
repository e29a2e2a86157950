#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { startGuest } from '../lib/phases/start-guest.ts';

await phaseScript(startGuest, () => import('zx'));
