/** What this runtime takes of plain Node: onnxruntime-web without WebGPU, and what the operating system tells. */

import { availableParallelism, cpus, freemem, release, totalmem, type } from 'node:os';
import { resourceUsage, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type MessagePort as NodePort, parentPort } from 'node:worker_threads';
import { InputError, reason } from './errors.js';
import { FolderSource } from './folder.js';
import type { ImageInput } from './image.js';
import type { Machine } from './machine.js';
import { type Source, UrlSource } from './source.js';

/** What an address means here: a folder, unless it begins as an address of the network does. */
export const sourceAt = (address: string | URL): Source => {
  const { protocol } = URL.canParse(address) ? new URL(address) : { protocol: '' };
  if (protocol === 'file:') return new FolderSource(fileURLToPath(address));
  return /^https?:$/.test(protocol) ? new UrlSource(address) : new FolderSource(String(address));
};

export const importEngine = (_webgpu: boolean): Promise<typeof import('onnxruntime-web')> => import('onnxruntime-web');
export const hasWebGpu = async (): Promise<boolean> => false;
export const cores = availableParallelism;
export const availableMemoryMb = (): number => freemem() / 1e6;

/** Decode an image file that is known to be one, upright and with its own numbers. */
export async function decodeImage(file: Blob): Promise<ImageInput> {
  const { default: sharp } = await import('sharp').catch((error: unknown) => {
    throw new InputError(`image: Node decodes files by the package sharp (${reason(error)}); npm install sharp`);
  });
  const decoder = sharp(await file.arrayBuffer(), { failOn: 'warning', ignoreIcc: true, limitInputPixels: false });
  const upright = decoder.rotate().toColourspace('srgb').ensureAlpha().raw();
  const { data, info } = await upright.toBuffer({ resolveWithObject: true }).catch((error: unknown) => {
    throw new InputError(`image: a file that sharp cannot decode (${reason(error)}); save it again`);
  });
  return { width: info.width, height: info.height, data };
}

/** Where a worker is spoken to. */
export async function workerPort(): Promise<NodePort> {
  if (!parentPort) throw new InputError('edgeattn-web/worker is for a worker; this is the main thread');
  return parentPort;
}

export const peakMemoryMb = (): number => (resourceUsage().maxRSS * 1024) / 1e6;

export const machine = async (): Promise<Machine> => ({
  cpu: cpus()[0]?.model.trim() || 'unknown',
  instruction_sets: [],
  cores: cores(),
  memory_mb: Math.round(totalmem() / 1e6),
  system: `${type()} ${release()}`,
  versions: { node: versions.node },
});
