/** What this runtime takes of a page or a worker: a build of onnxruntime-web, and the little that a browser tells. */

import type { Ort } from './engine.js';
import type { Machine } from './machine.js';

type Hints = { model?: string; architecture?: string; bitness?: string; platform?: string; platformVersion?: string };
type Told = Navigator & {
  readonly gpu?: { requestAdapter(): Promise<unknown> };
  readonly userAgentData?: {
    readonly brands: readonly { brand: string; version: string }[];
    getHighEntropyValues(hints: string[]): Promise<Hints>;
  };
};

/** Each build is fetched where it is needed alone: that with WebGPU is twice as large. */
export const importEngine = (webgpu: boolean): Promise<Ort> =>
  webgpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');

export const hasWebGpu = async (): Promise<boolean> =>
  Boolean(await (navigator as Told).gpu?.requestAdapter().catch(() => null));

/** Threads share memory, which a browser gives to isolated pages alone. */
export const cores = (): number => (globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1);

export const peakMemoryMb = (): null => null;

export async function machine(): Promise<Machine> {
  const { userAgent, userAgentData: told, hardwareConcurrency } = navigator as Told;
  const hints = (await told?.getHighEntropyValues(['model', 'architecture', 'bitness', 'platformVersion'])) ?? {};
  const [system = 'unknown'] = /(?<=\()[^)]+/.exec(userAgent) ?? []; // such as "iPhone; CPU iPhone OS 18_5 like Mac OS X"
  return {
    cpu:
      hints.model ||
      [hints.architecture, hints.bitness].filter(Boolean).join(' ') ||
      (system.split(';', 1)[0] as string),
    instruction_sets: [],
    cores: hardwareConcurrency,
    memory_mb: null,
    system: hints.platform ? `${hints.platform} ${hints.platformVersion ?? ''}`.trim() : system,
    versions: told
      ? Object.fromEntries(told.brands.map(({ brand, version }) => [brand, version]))
      : { browser: userAgent },
  };
}
