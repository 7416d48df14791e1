/** Draw it with a finger: the model reads the drawing at every stroke. */

import type { ImageInput, Manifest, Sample, Tensor } from 'edgeattn-web';
import { card, make } from '../dom.js';
import type { Opened } from '../protocol.js';
import type { Asked } from '../remote.js';
import { Labels } from './labels.js';
import { latest } from './latest.js';

const SIDE = 280; // pixels of the drawing
const PEN = 28; // pixels: about as thick, for its size, as the digits of the usual data sets
const MARGIN = 0.04; // of the drawing's larger side, around it
const [BLACK, WHITE] = [0, 255];

/** Show a field to draw in, with the paper and the ink of the golden samples. */
export function showDrawing(asked: Asked, { manifest, golden: { samples } }: Opened): void {
  const paper = paperOf(manifest, samples);
  const ink = WHITE - paper;
  const canvas = make('canvas', { width: SIDE, height: SIDE, className: 'drawing', role: 'img' });
  canvas.setAttribute('aria-label', 'A field to draw in');
  const labels = new Labels('Draw with a finger or the mouse.');
  const clear = make('button', { type: 'button', className: 'quiet' }, 'Clear');
  card('Try it: draw', make('div', { className: 'beside' }, canvas, labels.element), clear);
  const pen = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  const wipe = (): void => {
    pen.fillStyle = grey(paper);
    pen.fillRect(0, 0, SIDE, SIDE);
    labels.clear();
  };
  const answer = latest(labels.element, async () => {
    const pixels = centered(pen.getImageData(0, 0, SIDE, SIDE), paper);
    if (pixels) labels.show(await asked.name(await asked.answer({ image: pixels })));
  });
  wipe();
  Object.assign(pen, { strokeStyle: grey(ink), lineWidth: PEN, lineCap: 'round', lineJoin: 'round' });
  clear.addEventListener('click', wipe);
  draws(canvas, pen, () => answer(undefined));
}

/** Draw lines where a pointer goes. */
function draws(canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D, drawn: () => void): void {
  const place = ({ offsetX, offsetY }: PointerEvent): [number, number] => [
    (offsetX / canvas.clientWidth) * SIDE,
    (offsetY / canvas.clientHeight) * SIDE,
  ];
  let last: [number, number] | null = null;
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    line(pen, last, last);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!last) return;
    const next = place(event);
    line(pen, last, next);
    last = next;
    drawn();
  });
  const lifted = (): void => {
    if (last) drawn();
    last = null;
  };
  for (const name of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(name, lifted);
}

function line(pen: CanvasRenderingContext2D, from: readonly [number, number], to: readonly [number, number]): void {
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}

/** Cut a square around what was drawn, as data sets do; null where nothing was. */
function centered({ width, height, data }: ImageData, paper: number): ImageInput | null {
  const at = (x: number, y: number): number => data[4 * (y * width + x)] as number;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (at(x, y) === paper) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return null;
  const side = Math.round(Math.max(right - left, bottom - top) * (1 + 2 * MARGIN)) + 1;
  const [x0, y0] = [Math.round((left + right - side) / 2), Math.round((top + bottom - side) / 2)];
  const cut = new Uint8Array(side * side).fill(paper);
  for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) cut[(y - y0) * side + x - x0] = at(x, y);
  return { width: side, height: side, data: cut };
}

/** Return whether the golden images are drawn on black or on white: their first pixel is paper. */
function paperOf({ processing }: Manifest, [sample]: readonly Sample[]): number {
  const { input = '', scale = 1, mean = [0], std = [1] } = processing?.image ?? {};
  const corner = Number((sample?.inputs[input] as Tensor | undefined)?.data[0] ?? 0);
  const away = (value: number): number => Math.abs((value * scale - (mean[0] as number)) / (std[0] as number) - corner);
  return away(WHITE) < away(BLACK) ? WHITE : BLACK;
}

const grey = (value: number): string => `rgb(${value} ${value} ${value})`;
