/** What this device is called in the report, as far as its browser tells. */

import type { Benchmark } from 'edgeattn-web';

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
