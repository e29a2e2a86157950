#!/usr/bin/env node
import { phaseScript } from '../lib/commands/phase/phase-script.ts';
import { mintCerts } from '../lib/phases/mint-certs.ts';

await phaseScript(mintCerts, () => import('zx'));
