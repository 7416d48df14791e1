/**
 * Times calls of a bundle, as an app makes them: for each line that comes, so many in a row, of which the least and the median
 * are printed, in ms.
 *
 *     node latency.mjs NAME.edge TEXT CALLS [wasm]
 */

import { createInterface } from 'node:readline';
import { load } from '../../../runtime/web/dist/index.js';
import { native } from '../../../runtime/web/dist/native.js';

const [, , bundle, text, calls, wasm] = process.argv;
const model = await load(bundle, wasm ? { target: 'web', threads: 1 } : { engine: native });
const inputs = model.prepare({ text });
for await (const _ of createInterface({ input: process.stdin })) {
  const times = [];
  for (let i = 0; i < Number(calls); i += 1) {
    const start = performance.now();
    await model.run(inputs);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(times[0], times[Math.floor(times.length / 2)]);
}
