/** What this device is called in the report, as far as its browser says. */

import type { Benchmark } from 'edgeattn-web';

type Adapter = { readonly info?: { readonly vendor?: string; readonly architecture?: string } };
type Gpu = { requestAdapter(): Promise<Adapter | null> };

/** Return what the browser says of the GPU; null where it has none for this page. */
export async function gpuName(): Promise<string | null> {
  const gpu = (navigator as { gpu?: Gpu }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  return [adapter.info?.vendor, adapter.info?.architecture].filter(Boolean).join(' ') || 'GPU';
}

/**
 * Name the graphics where the browser hides the model, as it does on plain http: phones would all be one device.
 *
 * @param gpu What WebGPU runs on; null where it was not used.
 */
export function named(result: Benchmark, gpu: string | null = null): Benchmark {
  const { machine } = result;
  const hidden = isSecureContext ? [] : [graphics()].filter(Boolean);
  const cpu = [machine.cpu, ...hidden, ...(gpu === null ? [] : [`WebGPU on ${gpu}`])].join(' with ');
  return { ...result, machine: { ...machine, cpu } };
}

/** Return the name of the graphics processor, such as "Adreno (TM) 740". */
function graphics(): string {
  const gl = document.createElement('canvas').getContext('webgl');
  const told = gl?.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = told && gl?.getParameter(told.UNMASKED_RENDERER_WEBGL);
  const [, inside] = /^ANGLE \([^,]+, ([^,]+)/.exec(String(name ?? '')) ?? [];
  return inside ?? String(name ?? '');
}
