#!/usr/bin/env node
/**
 * Measures the cost of the key type of the bottle's CA: leaves issued by RSA 2048 and by EC P-256 in one run.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mintBottleCa } from '../../lib/certs/bottle-ca.ts';
import type { BottleCa } from '../../lib/certs/ca-profile.ts';
import { mintPipelockCa } from '../../lib/certs/pipelock-ca.ts';
import { leafIssuer } from '../../lib/daemons/egress/tls/leaf-issuer.ts';
import { toolFlags } from '../support/tool-flags.ts';

toolFlags({
  name: 'bench leaf',
  file: 'test/bench/leaf.ts',
  summary: 'milliseconds to issue a leaf, by the key type of the CA',
  flags: {},
});

/** Leaves of each CA, issued alternately so that both see the same conditions. */
const ROUNDS = 300;
/** Leaves that only warm up the code. */
const WARM_UP = 30;

const issuerOf = ({ certificatePem, privateKeyPem }: BottleCa) =>
  leafIssuer({ certificate: new X509Certificate(certificatePem), key: createPrivateKey(privateKeyPem) });

const started = performance.now();
const rsa = await mintBottleCa('bench-00000');
const mintMs = performance.now() - started;
const issuers = { 'RSA 2048': issuerOf(rsa), 'EC P-256': issuerOf(mintPipelockCa('bench-00000')) };
const times: Record<string, number[]> = { 'RSA 2048': [], 'EC P-256': [] };
for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
  for (const [name, issue] of Object.entries(issuers)) {
    const before = performance.now();
    await issue(`host-${round}.example.com`);
    if (round >= WARM_UP) times[name]?.push(performance.now() - before);
  }
}

const at = (values: number[], share: number) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? 0;
for (const [name, values] of Object.entries(times)) {
  console.log(`${name}  p50 ${at(values, 0.5).toFixed(2)} ms, p99 ${at(values, 0.99).toFixed(2)} ms a leaf`);
}
const difference = at(times['RSA 2048'] ?? [], 0.5) - at(times['EC P-256'] ?? [], 0.5);
console.log(
  `RSA is slower by ${difference.toFixed(2)} ms a leaf; minting the bottle's CA took ${mintMs.toFixed(0)} ms`,
);
