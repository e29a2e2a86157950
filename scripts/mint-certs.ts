#!/usr/bin/env node
import { echo, spinner } from 'zx';
import { phaseScript } from '../lib/cli/phase-script.ts';
import { mintCerts } from '../lib/phases/mint-certs.ts';

await phaseScript(mintCerts, { echo, spinner });
