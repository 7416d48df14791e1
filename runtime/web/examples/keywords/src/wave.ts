/** A drawing of the last seconds of a sound, the newest at the right. */

const SECONDS = 4;
const BARS = 160;

export class Wave {
  #levels: readonly number[] = new Array<number>(BARS).fill(0); // 0 to 1
  #rest: readonly number[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly rate: number,
  ) {
    this.#draw();
  }

  /** Take what came, and draw it. */
  push(samples: Float32Array): void {
    const size = Math.round((SECONDS * this.rate) / BARS);
    const all = [...this.#rest, ...samples];
    const count = Math.floor(all.length / size);
    const levels = Array.from({ length: count }, (_, i) =>
      Math.max(...all.slice(i * size, (i + 1) * size).map(Math.abs)),
    );
    this.#rest = all.slice(count * size);
    this.#levels = [...this.#levels, ...levels].slice(-BARS);
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.canvas;
    const context = this.canvas.getContext('2d');
    if (!context) return;
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(this.canvas).color;
    const step = width / BARS;
    for (const [i, level] of this.#levels.entries()) {
      const tall = Math.max(Math.sqrt(level) * height * 0.92, 3);
      context.globalAlpha = 0.3 + (0.7 * i) / BARS;
      context.beginPath();
      context.roundRect(i * step + step * 0.2, (height - tall) / 2, step * 0.6, tall, step * 0.3);
      context.fill();
    }
  }
}
