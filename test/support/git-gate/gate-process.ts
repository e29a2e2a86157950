// A gate in a process of its own, to be killed. Its argument: a `GatePlace`, JSON.
import { openGate } from './open-gate.ts';

await openGate(JSON.parse(process.argv[2] ?? ''));
process.stdout.write('ready\n');
