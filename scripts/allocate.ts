#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { allocate } from '../lib/phases/allocate.ts';

await phaseScript(allocate, { echo, spinner });
