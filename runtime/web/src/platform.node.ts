/** What this runtime takes of plain Node: onnxruntime-web without WebGPU, and what the operating system tells. */

import { availableParallelism, cpus, freemem, release, totalmem, type } from 'node:os';
import { resourceUsage, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type MessagePort as NodePort, parentPort } from 'node:worker_threads';
import { InputError } from './errors.js';
import { FolderSource } from './folder.js';
import type { Pixels } from './image.js';
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

export const decodeImage = async (_file: Blob): Promise<Pixels> => {
  throw new InputError('image: Node decodes no files; give { width, height, data }, such as of the package sharp');
};

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
