/** The images that everything is built on or run from, pinned by digest because tags can move. */
export const BASE_IMAGE_PINS = {
  node: 'node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d',
  registry: 'registry:2.8.3@sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373',
  crane:
    'gcr.io/go-containerregistry/crane@sha256:fc86bcad43a000c2a1ca926a1e167db26c053cebc3fa5d14285c72773fb8c11d',
} as const;

export type BaseImage = keyof typeof BASE_IMAGE_PINS;
