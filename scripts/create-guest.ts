#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { createGuest } from '../lib/phases/create-guest.ts';

await phaseScript(createGuest, () => import('zx'));
