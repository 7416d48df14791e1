/** What this runtime takes of plain Node: onnxruntime-web without WebGPU, and what the operating system tells. */

import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { resourceUsage, versions } from 'node:process';
import type { Ort } from './engine.js';
import type { Machine } from './machine.js';

export const importEngine = (): Promise<Ort> => import('onnxruntime-web');
export const hasWebGpu = async (): Promise<boolean> => false;
export const cores = availableParallelism;
export const peakMemoryMb = (): number => (resourceUsage().maxRSS * 1024) / 1e6;

export const machine = async (): Promise<Machine> => ({
  cpu: cpus()[0]?.model.trim() || 'unknown',
  instruction_sets: [],
  cores: cores(),
  memory_mb: Math.round(totalmem() / 1e6),
  system: `${type()} ${release()}`,
  versions: { node: versions.node },
});
