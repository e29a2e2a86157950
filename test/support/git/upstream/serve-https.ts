// Run in the upstream's container. Its argument: the port; its input: `GitServerOptions`, JSON.
import { text } from 'node:stream/consumers';
import { createGitServer } from './serve-git.ts';

createGitServer(JSON.parse(await text(process.stdin))).listen(Number(process.argv[2]), () => {
  process.stdout.write('ready\n');
});
