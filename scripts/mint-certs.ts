#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { mintCerts } from '../lib/phases/mint-certs.ts';

await phaseScript(mintCerts, () => import('zx'));
