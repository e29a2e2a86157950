#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { probe } from '../lib/phases/probe.ts';

await phaseScript(probe, { echo, spinner });
