/** The same bundle with WebGPU before wasm: the graphs are the same, so the golden vectors prove it too. */

import type { Content, OnBytes, Source } from 'edgeattn-web';

type Adapter = { readonly info?: { readonly vendor?: string; readonly architecture?: string } };
type Gpu = { requestAdapter(): Promise<Adapter | null> };

/** Return what the browser says of the GPU; null where it has none for this page. */
export async function gpuName(): Promise<string | null> {
  const gpu = (navigator as { gpu?: Gpu }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  return [adapter.info?.vendor, adapter.info?.architecture].filter(Boolean).join(' ') || 'GPU';
}

/** Reads a bundle whose every variant for browsers asks for WebGPU first. */
export class WithWebGpu implements Source {
  constructor(readonly name: string) {}

  async read(path: string, onBytes: OnBytes = () => {}): Promise<Content> {
    const content = new Uint8Array(await (await fetch(`${this.name}/${path}`)).arrayBuffer());
    onBytes(content.length);
    return path === 'manifest.json' ? asking(content) : content;
  }
}

function asking(manifest: Content): Content {
  const text = new TextDecoder().decode(manifest);
  const asked = JSON.parse(text, (key, value) => (key === 'providers' ? ['webgpu', 'wasm'] : value));
  return new TextEncoder().encode(JSON.stringify(asked));
}
