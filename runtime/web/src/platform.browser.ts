/** What this runtime takes of a page or a worker: a build of onnxruntime-web, and the little that a browser tells. */

import { InputError, reason } from './errors.js';
import type { ImageInput } from './image.js';
import type { Machine } from './machine.js';
import { type Source, UrlSource } from './source.js';

type Hints = { model?: string; architecture?: string; bitness?: string; platform?: string; platformVersion?: string };
type Told = Navigator & {
  readonly gpu?: { requestAdapter(): Promise<unknown> };
  readonly userAgentData?: {
    readonly brands: readonly { brand: string; version: string }[];
    getHighEntropyValues(hints: string[]): Promise<Hints>;
  };
};

/** What an address means here. */
export const sourceAt = (address: string | URL): Source => new UrlSource(address);

type Web = typeof import('onnxruntime-web');

/** Each build is fetched where it is needed alone: that with WebGPU is twice as large. */
export const importEngine = (webgpu: boolean): Promise<Web> =>
  webgpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');

export const hasWebGpu = async (): Promise<boolean> =>
  Boolean(await (navigator as Told).gpu?.requestAdapter().catch(() => null));

/** Threads share memory, which a browser gives to isolated pages alone. */
export const cores = (): number => (globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1);

export const peakMemoryMb = (): null => null;

/** What wasm can address; a page is not told what there is. */
export const availableMemoryMb = (): number => 2 ** 32 / 1e6;

/** Decode an image file that is known to be one, upright and with its own numbers. */
export async function decodeImage(file: Blob): Promise<ImageInput> {
  const as: ImageBitmapOptions = {
    imageOrientation: 'from-image',
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  };
  const bitmap = await createImageBitmap(file, as).catch((error: unknown) => {
    throw new InputError(`image: a file that this browser cannot decode (${reason(error)}); save it again`);
  });
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  canvas?.drawImage(bitmap, 0, 0);
  bitmap.close();
  if (!canvas) throw new InputError('image: no canvas here to decode it on; give its pixels');
  const { data } = canvas.getImageData(0, 0, width, height);
  return { width, height, data };
}

/** Where a worker is spoken to. */
export const workerPort = async (): Promise<MessagePort> => globalThis as unknown as MessagePort;

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
