/** A manifest's text is read, or refused with a BundleError. */

import { readManifest } from '../../../runtime/web/src/read-manifest.js';
import { fuzzing } from './fuzzing.js';

export const fuzz = fuzzing((content) => readManifest(new TextDecoder().decode(content)));
