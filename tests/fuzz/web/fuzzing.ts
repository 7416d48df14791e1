/**
 * What every fuzzer of TypeScript does with an input: it is read or refused, within a time and a memory.
 *
 *     EDGEATTN_FUZZ_REFUSALS=FILE npx jazzer build/fuzz_manifest.mjs CORPUS --sync -- -max_total_time=60
 *
 * Jazzer.js (https://github.com/CodeIntelligenceTesting/jazzer.js) drives libFuzzer: see its options there.
 */

import { openSync, writeSync } from 'node:fs';
import { EdgeAttnError } from '../../../runtime/web/src/errors.js';

const SECONDS = 1; // of the processor
const KILOBYTES = 256 * 1024; // beyond what any input before it took

const file = openSync(process.env['EDGEATTN_FUZZ_REFUSALS'] ?? '/dev/null', 'r+');
const count = new BigUint64Array(1);

/** Return what Jazzer.js calls with an input; all that `read` throws but an error of one line of this runtime is a find. */
export function fuzzing(read: (content: Uint8Array) => unknown): (data: Buffer) => void {
  console.warn = () => {}; // such as of a text that was cut
  return (data) => {
    const [seconds, kilobytes] = used();
    try {
      read(new Uint8Array(data));
    } catch (error) {
      if (!(error instanceof EdgeAttnError)) throw error;
      if (/[\r\n]/.test(error.message)) throw new Error(`wrong: a refusal of several lines: ${error.message}`);
      count[0] = (count[0] as bigint) + 1n;
      writeSync(file, new Uint8Array(count.buffer), 0, 8, 0);
    }
    const [secondsAfter, kilobytesAfter] = used();
    if (secondsAfter - seconds > SECONDS) throw new Error('over time');
    if (kilobytesAfter - kilobytes > KILOBYTES) throw new Error('over memory');
  };
}

/** Return the seconds of the processor, and the most kilobytes, so far. */
function used(): [number, number] {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return [(userCPUTime + systemCPUTime) / 1e6, maxRSS];
}
