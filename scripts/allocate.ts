#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { allocate } from '../lib/phases/allocate.ts';

await phaseScript(allocate, () => import('zx'));
