/** A WAV file's samples are read, or refused with an InputError. */

import { readWav } from '../../../runtime/web/src/wav.js';
import { fuzzing } from './fuzzing.js';

export const fuzz = fuzzing(readWav);
