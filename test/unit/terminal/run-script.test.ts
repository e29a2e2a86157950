import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const RUN_SCRIPT = pathToFileURL(join(import.meta.dirname, '../../../lib/terminal/run-script.ts')).href;

/** Runs a script in its own process that prints `ready` and then does `work`. */
function script(work: string, env: Record<string, string> = {}) {
  const text = `import { runScript } from '${RUN_SCRIPT}';
    await runScript(async ({ signal }) => { console.log('ready'); ${work} });`;
  return execa(process.execPath, ['--input-type=module', '--eval', text], { reject: false, env });
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

  it.each([
    ['a promise', `Promise.reject(new Error('nobody waits for this'));`],
    ['a timer', `setTimeout(() => { throw new Error('nobody waits for this'); });`],
  ])(
    'an error of %s that nothing waits for ends a script after its work has cleaned up',
    async (_what, fail) => {
      const home = mkdtempSync(join(tmpdir(), 'bk-'));
      const work = `${fail}
      try { await new Promise((_, end) => signal.addEventListener('abort', () => end(signal.reason))); }
      finally { await new Promise((done) => setTimeout(done, 50)); console.log('cleaned up'); }`;
      const { exitCode, stdout, stderr } = await script(work, { BOT_BOTTLE_HOME: home });
      expect([exitCode, stdout]).toEqual([70, 'ready\ncleaned up']);
      expect(stderr.match(/unexpected: nobody waits for this/g)).toHaveLength(1);
      rmSync(home, { recursive: true });
    },
  );

  it('such an error is reported even when the work goes on to its end', async () => {
    const home = mkdtempSync(join(tmpdir(), 'bk-'));
    const work = `Promise.reject(new Error('astray')); await new Promise((done) => setTimeout(done, 50)); return 0;`;
    const { exitCode, stderr } = await script(work, { BOT_BOTTLE_HOME: home });
    expect([exitCode, stderr]).toEqual([70, expect.stringContaining('unexpected: astray')]);
    rmSync(home, { recursive: true });
  });

  it('a script flushes all output before it exits', async () => {
    const { stdout, exitCode } = await script(`process.stdout.write('x'.repeat(3_000_000)); return 3;`);
    expect(exitCode).toBe(3);
    expect(stdout.length).toBe('ready\n'.length + 3_000_000);
  });
});
