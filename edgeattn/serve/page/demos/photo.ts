/** Take a photo, or choose one: the model says what it shows. */

import { card, make } from '../dom.js';
import type { Asked } from '../remote.js';
import { Labels } from './labels.js';

/** Show a way to a photo, and what the model says of it. */
export function showPhoto(asked: Asked): void {
  const canvas = make('canvas', { className: 'photo', hidden: true });
  const labels = new Labels('Choose a photo, or take one.');
  const file = make('input', { type: 'file', accept: 'image/*' });
  file.addEventListener('change', async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    const image = await createImageBitmap(chosen); // upright, as its EXIF orientation says
    Object.assign(canvas, { width: image.width, height: image.height, hidden: false });
    const pen = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D;
    pen.drawImage(image, 0, 0);
    const pixels = pen.getImageData(0, 0, image.width, image.height);
    labels.show(await asked.name(await asked.answer({ image: pixels })));
  });
  const chooser = make('label', { className: 'field' }, 'A photo', file);
  card('Try it: a photo', chooser, make('div', { className: 'beside' }, canvas, labels.element));
}
