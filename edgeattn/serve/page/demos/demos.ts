/** The model at work on an input of one's own: which way, by what its manifest says of it. */

import type { Manifest } from 'edgeattn-web';
import type { Opened } from '../protocol.js';
import type { Asked } from '../remote.js';
import { showDrawing } from './drawing.js';
import { showGolden } from './golden.js';
import { showPhoto } from './photo.js';
import { showReading } from './reading.js';
import { showSearch } from './search.js';
import { showWriting } from './writing.js';

const SMALL = 64; // pixels: what is no larger, and grey, is a drawing

type Demo = (asked: Asked, opened: Opened) => void;

/** Show the demo that fits a bundle. */
export function show(asked: Asked, opened: Opened): void {
  demoOf(opened.manifest)(asked, opened);
}

function demoOf({ generation, processing, graphs }: Manifest): Demo {
  const { text, image, labels } = processing ?? {};
  if (text && generation) return showWriting;
  if (image && labels)
    return image.channels === 'L' && image.width !== null && image.width <= SMALL ? showDrawing : showPhoto;
  if (text && labels) return showReading;
  const vectors = Object.values(graphs).some(({ outputs }) => outputs[0]?.dims.length === 2);
  return text && vectors ? showSearch : showGolden;
}
