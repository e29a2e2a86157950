#!/usr/bin/env node
import { phaseScript } from '../lib/cli/phase-script.ts';
import { discoverUrls } from '../lib/phases/discover-urls.ts';

await phaseScript(discoverUrls, () => import('zx'));
