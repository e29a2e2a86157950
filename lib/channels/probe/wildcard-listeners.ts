import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { childEnvironment } from '../../host/child-environment.ts';

/** Returns the TCP ports on which this host listens on all addresses, ascending; empty if unknown. */
export async function wildcardListeners(platform = process.platform): Promise<number[]> {
  const ports = platform === 'linux' ? await linuxListeners() : await lsofListeners();
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

async function linuxListeners(): Promise<number[]> {
  const files = ['/proc/net/tcp', '/proc/net/tcp6'];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap(parseProcNet);
}

/** Parses the ports in `/proc/net/tcp` with an all-zero local address and state 0A (listening). */
export function parseProcNet(text: string): number[] {
  const matches = text.matchAll(/^\s*\d+: (?:0{8}|0{32}):([0-9A-F]{4}) [0-9A-F:]+ 0A /gm);
  return [...matches].map(([, port = '']) => Number.parseInt(port, 16));
}

async function lsofListeners(): Promise<number[]> {
  const result = await execa('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-F', 'n'], {
    ...{ reject: false, env: childEnvironment('plain'), extendEnv: false },
  });
  return parseLsof(result.stdout ?? '');
}

/** Parses the ports in the output of `lsof -F n`, with lines such as `n*:8080`. */
export function parseLsof(text: string): number[] {
  return [...text.matchAll(/^n\*:(\d+)$/gm)].map(([, port = '']) => Number(port));
}
