import { resolve } from 'node:path';
import type { Verb } from '../cli/command.ts';
import { parseU8, parseU32 } from '../cli/values.ts';
import { agentError, configError, ioReason, messageOf } from '../errors.ts';
import { writeLauncher } from '../pack/launcher.ts';
import type { PackManifest } from '../pack/manifest.ts';
import { type FlatImage, pullFlat } from '../pack/pull.ts';
import { type Asset, fileHeader, writeSidecar } from '../pack/write.ts';
import type { Profile } from '../profile.ts';
import { describeImage, type RemoteImage } from '../registry/client.ts';
import { type ImageReference, parseReference } from '../registry/reference.ts';
import { END_OF_ARCHIVE } from '../tar/merge.ts';

const AGENT_NOTE = Buffer.from('The fake smolvm needs no agent: runc plays its part.\n');

export function packCreate(profile: Profile): Verb {
  return {
    spec: {
      words: 'pack create',
      about: 'Create a portable machine from an image',
      options: [
        { long: 'image', short: 'I', value: 'IMAGE', help: 'Registry reference of the image to pack' },
        { long: 'output', short: 'o', value: 'PATH', required: true, help: 'Where to write the launcher' },
        { long: 'cpus', value: 'N', check: parseU8, help: 'Default number of CPUs' },
        { long: 'mem', value: 'MiB', check: parseU32, help: 'Default memory' },
        { long: 'oci-platform', value: 'OS/ARCH', help: 'Platform of a multi-platform image' },
        { long: 'entrypoint', value: 'CMD', help: "Replaces the image's entrypoint" },
        { long: 'no-sign', help: 'Skip code signing (macOS)' },
      ],
    },
    async run(args) {
      const image = args.value('image');
      if (image === undefined)
        throw configError('pack', 'one of --image, --from-vm or --smolfile is required');
      if (profile.packRefusesSuffix && args.value('output')?.endsWith('.smolmachine')) {
        throw configError('pack', 'output must not end in .smolmachine: the suffix is added to the sidecar');
      }
      const output = resolve(args.value('output') ?? '');
      const reference = parseReference(image);
      const platform = args.value('oci-platform') ?? hostPlatform();

      process.stdout.write('Starting agent VM...\n');
      const { remote, flat } = await pull(image, reference, platform, profile);
      using spool = flat.spool;
      const bytes = remote.layers.reduce((sum, layer) => sum + layer.size, 0);
      process.stdout.write(`Image: ${image} (${remote.layers.length} layers, ${bytes} bytes)\n`);
      process.stdout.write('Collecting runtime libraries...\nCollecting agent rootfs...\n');
      process.stdout.write('Creating storage template...\n');
      process.stdout.write(layerLines(remote, flat));

      const agentRootfs = [fileHeader('README', AGENT_NOTE.length), paddedTo512(AGENT_NOTE), END_OF_ARCHIVE];
      const agent = assetOf('agent-rootfs.tar', agentRootfs);
      const layer: Asset = {
        path: `layers/${short(flat.digest)}.tar`,
        size: spool.size,
        chunks: () => spool.chunks(),
      };
      const manifest: PackManifest = {
        mode: 'container',
        image,
        digest: remote.configDigest,
        platform: `${remote.config.os}/${remote.config.architecture}`,
        ...commandOf(remote, args.value('entrypoint')),
        cpus: Number(args.value('cpus') ?? 4),
        mem: Number(args.value('mem') ?? 8192),
        image_size: bytes,
        network: false,
        gpu: false,
        host_platform: hostPlatform(),
        created: new Date().toISOString(),
        smolvm_version: profile.version,
        assets: {
          libraries: [],
          agent_rootfs: { path: agent.path, size: agent.size },
          layers: [{ digest: flat.digest, path: layer.path, size: layer.size }],
        },
      };
      process.stdout.write('\rAssembling packed binary...');
      const sizes = await assemble(output, [agent, layer], manifest);
      process.stdout.write('\rAssembling packed binary done\n');
      process.stdout.write(
        `Packed: ${args.value('output')} (stub: ${kb(sizes.launcher)}KB, total: ${kb(sizes.launcher)}KB)\n` +
          `Assets: ${args.value('output')}.smolmachine (${kb(sizes.sidecar)}KB compressed)\n` +
          `\nRun with: ${args.value('output')}\n` +
          'Note: Keep the .smolmachine file alongside the binary\nOptions: --help for usage\n',
      );
      return 0;
    },
  };
}

async function pull(
  image: string,
  reference: ImageReference,
  platform: string,
  profile: Profile,
): Promise<{ remote: RemoteImage; flat: FlatImage }> {
  const line = `Pulling image ${image}...`;
  process.stderr.write(line);
  try {
    const remote = await describeImage(reference, platform);
    return { remote, flat: await pullFlat(reference, remote, profile) };
  } catch (error) {
    throw agentError('pull image', `${image}: ${messageOf(error)}`);
  } finally {
    // smolvm prints `done` even when the pull has failed.
    process.stderr.write(`\r${line} done.${' '.repeat(20)}\n`);
  }
}

/** Writes the pair at the end. The sidecar comes first, because the launcher signals that it is there. */
async function assemble(output: string, assets: readonly Asset[], manifest: PackManifest) {
  try {
    const sidecar = await writeSidecar(`${output}.smolmachine`, assets, manifest);
    return { sidecar, launcher: await writeLauncher(output) };
  } catch (error) {
    process.stdout.write('\n');
    throw agentError('pack binary', ioReason(error));
  }
}

function layerLines(remote: RemoteImage, flat: FlatImage): string {
  const size = flat.spool.size;
  if (remote.layers.length === 1) {
    return `  Layer 1/1: sha256:${short(flat.digest)}... ${kb(size)} KB done\n`;
  }
  return `Merging ${remote.layers.length} layers in VM (one-time cost)...\n  Exporting merged layer... ${Math.floor(size / 1024 / 1024)} MB done\n`;
}

function commandOf(remote: RemoteImage, entrypoint: string | undefined) {
  const config = remote.config.config;
  const image = entrypoint === undefined ? config?.Entrypoint : [entrypoint];
  return {
    ...(image?.length ? { entrypoint: image } : {}),
    ...(config?.Cmd?.length ? { cmd: config.Cmd } : {}),
    ...(config?.Env?.length ? { env: config.Env } : {}),
    ...(config?.WorkingDir ? { workdir: config.WorkingDir } : {}),
  };
}

function assetOf(path: string, parts: readonly Buffer[]): Asset {
  return { path, size: parts.reduce((sum, part) => sum + part.length, 0), chunks: () => parts };
}

function paddedTo512(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const hostPlatform = () => `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
const short = (digest: string) => digest.replace('sha256:', '').slice(0, 12);
const kb = (bytes: number) => Math.floor(bytes / 1024);
