/** A CSV file's series are read, or refused with an InputError. */

import { readCsv } from '../../../runtime/web/src/csv.js';
import { fuzzing } from './fuzzing.js';

export const fuzz = fuzzing((content) => readCsv(content, ['rain in mm', 'wind']));
