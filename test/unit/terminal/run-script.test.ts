import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const RUN_SCRIPT = pathToFileURL(join(import.meta.dirname, '../../../lib/terminal/run-script.ts')).href;

/** Runs a script in its own process that prints `ready` and then does `work`. */
function script(work: string) {
  const text = `import { runScript } from '${RUN_SCRIPT}';
    await runScript(async ({ signal }) => { console.log('ready'); ${work} });`;
  return execa(process.execPath, ['--input-type=module', '--eval', text], { reject: false });
}

describe('runScript', () => {
  it.each([0, 7])('a script with exit code %i is not killed by repeated signals', async (code) => {
    const child = script(`await new Promise((done) => setTimeout(done, 100)); return ${code};`);
    await once(child.stdout, 'data');
    const repeat = setInterval(() => child.kill('SIGINT'), 1);
    const { exitCode, signal } = await child;
    clearInterval(repeat);
    expect({ exitCode, signal }).toEqual({ exitCode: code === 0 ? 0 : 130, signal: undefined });
  });

  it('a script flushes all output before it exits', async () => {
    const { stdout, exitCode } = await script(`process.stdout.write('x'.repeat(3_000_000)); return 3;`);
    expect(exitCode).toBe(3);
    expect(stdout.length).toBe('ready\n'.length + 3_000_000);
  });
});
