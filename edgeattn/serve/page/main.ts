/** The way of a bundle on this device: downloaded, proven, timed, sent, shown at work. */

import type { Benchmark, Manifest } from 'edgeattn-web';
import { show } from './demos/demos.js';
import { gpuName, named } from './device.js';
import { Proof } from './proof.js';
import { Remote } from './remote.js';
import { sent } from './send.js';
import { Speed, threadsWay } from './speed.js';
import { count, figure, megabytes } from './words.js';

const MOST_THREADS = 4; // phones have as many fast cores; the slow ones hold the others up
const PLAIN =
  'Timed with one thread: this is a plain http address, and browsers give threads and WebGPU to pages of https or ' +
  'localhost alone. By cable, adb reverse makes this page a localhost one.';

async function main(proof: Proof, speed: Speed): Promise<void> {
  proof.begin('download');
  const loaded = new Map<string, number>();
  let [remote, opened] = await Remote.open({ threads: 1 }, (progress) => {
    loaded.set(progress.file, progress.total);
    proof.progress(progress);
  });
  introduce(opened.manifest);
  const [bytes = 0] = loaded.values();
  proof.end('download', `${count(loaded.size, 'file')}, ${megabytes(bytes)}, hashes right`);
  proof.begin('golden');
  let result = await remote.bench();
  proof.judge(result.golden, opened.manifest);
  proof.begin('time');
  speed.add(threadsWay(1), result, await remote.pace());
  const threads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;
  if (threads > 1) {
    proof.say('time', `with ${threadsWay(threads)}`);
    remote.close();
    [remote, opened] = await Remote.open({ threads });
    const more = await remote.bench();
    speed.add(threadsWay(threads), more, await remote.pace());
    result = { ...result, runs: [...result.runs, ...more.runs] };
  }
  const onGpu = await timedOnGpu(proof, speed);
  proof.end('time', `${figure(speed.fastest)} ms a call, after ${figure(result.load_ms)} ms to open it`);
  if (!isSecureContext) speed.explain(PLAIN);
  proof.begin('send');
  await sent([named(result), ...onGpu]).then(
    (words) => proof.end('send', words),
    (error: Error) => proof.end('send', error.message, false),
  );
  show(remote, opened);
}

/** Measure the bundle on WebGPU, where there is one: a device of its own in the report. */
async function timedOnGpu(proof: Proof, speed: Speed): Promise<readonly Benchmark[]> {
  const gpu = await gpuName();
  if (gpu === null) return [];
  proof.say('time', `on WebGPU, ${gpu}`);
  try {
    const [remote] = await Remote.open({ threads: 1, providers: ['webgpu', 'wasm'] });
    const measured = await remote.bench();
    const pace = await remote.pace();
    remote.close();
    speed.add('WebGPU', measured, pace);
    return [named(measured, gpu)];
  } catch (error) {
    speed.explain(`WebGPU is there and does not run it: ${(error as Error).message}`);
    return [];
  }
}

function introduce({ name }: Manifest): void {
  document.title = `${name} · edgeattn`;
  (document.getElementById('name') as HTMLElement).textContent = name;
}

const proof = new Proof();
main(proof, new Speed()).catch((error: Error) => proof.stop(error.message));
