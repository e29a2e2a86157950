import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { useScene } from './scene.ts';
import { printed, type Row, TOUR, tableOf } from './tour.ts';

const scene = useScene();

describe('the program of the demo agent', () => {
  const run = (args: string[], env: Record<string, string>) =>
    execa(process.execPath, [TOUR.pathname, ...args], {
      env: { PATH: '', ...env },
      extendEnv: false,
      reject: false,
    });

  it('says outside a bottle that this is none, and exits with 2', async () => {
    const result = await run([], {});
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('This is no bottle: HTTPS_PROXY is not set');
  });

  it('says that a proxy address that is none is none, without repeating it', async () => {
    const result = await run([], { HTTPS_PROXY: 'user:password' });
    expect(result.exitCode).toBe(2);
    expect(result.stderr).not.toContain('password');
  });

  it('exits with 1 when something is not as it should be, and prints rows as JSON when asked', async () => {
    const url = await scene().egress({ allowAll: true });
    const started = Date.now();
    const result = await run(['--json'], { https_proxy: url, ...scene().environment });
    expect(Date.now() - started).toBeLessThan(4_000);
    expect(result.exitCode).toBe(1);
    const { rows, summary } = printed.parse(JSON.parse(result.stdout));
    expect(rows.length).toBeGreaterThan(14);
    expect(summary).toMatch(/^\d+ of \d+ as they should be$/);
  });

  it('prints a table without colour where nobody watches, and ends it with the sum', async () => {
    const url = await scene().egress();
    const result = await run([], { HTTPS_PROXY: url, ...scene().environment });
    expect(result.stdout).not.toContain('\u001b');
    expect(result.stdout).toContain('A tour of the bottle demo-a1b2c, from inside');
    expect(result.stdout).toContain('egress replaced my Authorization');
    expect(result.stdout.split('\n').at(-1)).toMatch(/^\d+ of \d+ as they should be$/);
  });
});

describe('the table', () => {
  const rows: Row[] = [
    { group: 'One', tried: 'Try', happened: `${'word '.repeat(30)}end`, asItShouldBe: true },
    { group: 'Two', tried: 'x'.repeat(200), happened: 'bad', asItShouldBe: false },
  ];

  it.each([60, 80, 100, 500])('wraps its cells within %d columns', async (width) => {
    const lines = (await tableOf(rows, { colour: false, width })).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines.join(' ').match(/word/g)).toHaveLength(30);
    expect(lines.at(-1)).toBe('1 of 2 as they should be');
  });

  it('marks good and bad in colour on a terminal', async () => {
    const text = await tableOf(rows, { colour: true, width: 80 });
    expect(text).toContain('\u001b[32myes ✓');
    expect(text).toContain('\u001b[31mNO  ✗');
  });
});
