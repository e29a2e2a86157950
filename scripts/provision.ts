#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { provision } from '../lib/phases/provision.ts';

await phaseScript(provision, { echo, spinner });
