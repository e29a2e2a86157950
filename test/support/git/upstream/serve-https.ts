// Run in the upstream's container. Its input, JSON: `GitServerOptions`, and the port and the directory of repositories.
import { text } from 'node:stream/consumers';
import { answerAsGit, createGitServer } from './serve-git.ts';

const { root, port, ...options } = JSON.parse(await text(process.stdin));
const server = createGitServer({ ...options, answer: (...both) => answerAsGit(root, ...both) });
server.listen(port, () => process.stdout.write('ready\n'));
