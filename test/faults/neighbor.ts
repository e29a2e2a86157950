import { join } from 'node:path';
import { KIT, Sandbox } from '../support/kit.ts';
import type { Version } from './cell.ts';

/** A bottle of another home that must notice nothing. */
export interface Neighbor {
  /** Returns what went wrong with it since it was asked last. */
  harm(): string[];
  /** Takes it down. @returns how often its egress has answered. */
  end(): Promise<string>;
}

/** Asks egress for a host that it refuses, once a second: a refusal says that guest, channel and egress are there. */
const ASKS = `
const { get } = require('node:http');
const proxy = new URL(process.env.HTTP_PROXY);
const to = { host: proxy.hostname, port: proxy.port, path: 'http://refused.example/', headers: { Host: 'refused.example' } };
setInterval(() => {
  const request = get({ ...to, timeout: 20000 }, (answer) => {
    answer.resume();
    console.log(answer.statusCode === 403 ? 'answered' : 'failed: ' + answer.statusCode);
  });
  request.on('timeout', () => request.destroy(new Error('no answer in 20 s')));
  request.on('error', (error) => console.log('failed: ' + error.message));
}, 1000);
`;
/** Seconds without an answer after which it counts as harmed: the machine is busy. */
const SILENCE_S = 30;

export async function startNeighbor(version: Version): Promise<Neighbor> {
  const user = new Sandbox(join(KIT, 'node_modules', '.kit', 'test-cache'));
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  await user.writeAgent('asks', ['node', '-e', ASKS]);
  const { child, finished } = user.start('launch', ['--agent', 'asks']);
  let answers = 0;
  let last = Date.now();
  let harms: string[] = [];
  let isOver = false;
  const started = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text: string) => {
      for (const said of text.split('\n')) {
        if (said.startsWith('failed')) {
          harms.push(said);
          reject(new Error(`the neighbor: ${said}`));
        }
        if (said !== 'answered') continue;
        [answers, last] = [answers + 1, Date.now()];
        resolve();
      }
    });
    void finished.then(({ exitCode, stderr }) => {
      isOver = true;
      reject(new Error(`the neighbor ended with ${exitCode}:\n${stderr}`));
    });
  });
  await started;
  return {
    harm() {
      const found = harms;
      harms = [];
      if (isOver) return [...found, 'has ended'];
      return Date.now() - last > SILENCE_S * 1000 ? [...found, `was silent for ${SILENCE_S} s`] : found;
    },
    async end() {
      child.kill('SIGTERM');
      const { exitCode } = await finished;
      user.remove();
      return `neighbor on ${version}: ${answers} answers, ended with ${exitCode}`;
    },
  };
}
