import { extname } from 'node:path';

/** A program beside this module: TypeScript here, JavaScript in the bundle's image, where it stands beside `main`. */
const beside = (name: string) => new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);

/** The thread that makes leaf certificates. */
export const LEAF_WORKER = beside('leaf-worker');

/** The thread that scans long bodies. */
export const SCAN_WORKER = beside('scan-worker');
