import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { clientEnvironment } from './client.ts';

/** What a benchmark adds to a repository at once. */
export interface Change {
  readonly commits: number;
  /** Bytes of one more file, which nothing compresses, in the last commit. */
  readonly blobBytes?: number;
}

const FILES = 3;
const FILE_BYTES = 2600;
const WORDS =
  'const return value index table import when each line name path result if else for of count map filter'.split(
    ' ',
  );

/** Adds commits to a branch, each with three files of its own. `seed`: other seeds make other files. */
export async function addCommits(
  repository: string,
  branch: string,
  { commits, blobBytes }: Change,
  seed: number,
): Promise<void> {
  const known = await execa('git', ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], {
    ...{ cwd: repository, env: clientEnvironment(), extendEnv: false, reject: false },
  });
  const random = pseudoRandom(seed);
  const importing = execa('git', ['fast-import', '--quiet', '--force'], {
    ...{ cwd: repository, env: clientEnvironment(), extendEnv: false },
  });
  const write = (data: string | Buffer) =>
    importing.stdin.write(data) || new Promise((resolve) => importing.stdin.once('drain', resolve));
  for (let commit = 1; commit <= commits; commit += 1) {
    const message = `Change ${commit} of ${seed}`;
    await write(
      `commit refs/heads/${branch}\ncommitter Ada <ada@example.com> ${1_700_000_000 + commit} +0000\ndata ${message.length}\n${message}\n`,
    );
    if (commit === 1 && known.exitCode === 0) await write(`from ${known.stdout}\n`);
    for (let file = 0; file < FILES; file += 1) {
      const content = textOf(random);
      await write(`M 644 inline src/part${file}/file${commit % 50}.ts\ndata ${content.length}\n${content}\n`);
    }
    if (commit === commits && blobBytes !== undefined) {
      await write(`M 644 inline large${seed}.bin\ndata ${blobBytes}\n`);
      await write(randomBytes(blobBytes));
      await write('\n');
    }
  }
  importing.stdin.end('done\n');
  await importing;
}

function textOf(random: () => number): string {
  let text = '';
  while (text.length < FILE_BYTES) {
    const word = WORDS[Math.floor(random() * WORDS.length)];
    text += random() < 0.12 ? `${word} = ${Math.floor(random() * 1e6)};\n` : `${word} `;
  }
  return text.slice(0, FILE_BYTES);
}

/** Numbers from 0 to 1, the same for each seed. */
function pseudoRandom(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}
