/** Golden vectors are read, or what is thrown becomes a BundleError, as a bundle's reader has it. */

import { BundleError, refusing } from '../../../runtime/web/src/errors.js';
import { readSafetensors } from '../../../runtime/web/src/safetensors.js';
import { fuzzing } from './fuzzing.js';

export const fuzz = fuzzing((content) => refusing(BundleError, 'golden', () => readSafetensors(content)));
