#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { allocate } from '../lib/phases/allocate.ts';

await phaseScript(allocate, () => import('zx'));
