#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { provision } from '../lib/phases/provision.ts';

await phaseScript(provision, () => import('zx'));
