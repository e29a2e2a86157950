import type { Check } from './check.ts';
import { safeName } from './safe-name.ts';

const MIB = 1024 * 1024;

/** No file is larger than the gate takes. */
export const sizes: Check = {
  name: 'size',
  run: async (pending) => {
    const { maxBlobBytes } = pending.limits;
    const large = (await pending.objects()).filter(
      ({ type, size }) => type === 'blob' && size > maxBlobBytes,
    );
    return large.map(
      ({ path, size }) =>
        `${safeName(path, pending.scan)} has ${inMib(size)}; the gate takes ${inMib(maxBlobBytes)} a file`,
    );
  },
};

function inMib(bytes: number): string {
  return bytes < MIB ? `${bytes} bytes` : `${(bytes / MIB).toFixed(1)} MiB`;
}
