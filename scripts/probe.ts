#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { probe } from '../lib/phases/probe.ts';

await phaseScript(probe, () => import('zx'));
