import { extname } from 'node:path';

/** A program next to this module: TypeScript in the sources, JavaScript in the bundle's image. */
const beside = (name: string) => new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);

/** Program of the thread that issues leaves. */
export const LEAF_WORKER = beside('leaf-worker');

/** Program of the thread that scans long bodies. */
export const SCAN_WORKER = beside('scan-worker');
