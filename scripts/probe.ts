#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { probe } from '../lib/phases/probe.ts';

await phaseScript(probe, () => import('zx'));
