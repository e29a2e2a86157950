#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { initGuest } from '../lib/phases/init-guest.ts';

await phaseScript(initGuest, () => import('zx'));
