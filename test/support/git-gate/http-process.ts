// git-http in a process of its own. Its argument: a `GatePlace`, JSON. Prints its URL.
import { openHttp } from './open-http.ts';

const { url } = await openHttp(JSON.parse(process.argv[2] ?? ''));
process.stdout.write(`${url}\n`);
