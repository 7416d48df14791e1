/** The discrete Fourier transform of real numbers, of any length. */

/** Numbers of two parts. */
type Complex = { readonly re: Float64Array; readonly im: Float64Array };

/** Returns the squared magnitudes of the bins 0 to floor(n / 2) of n numbers. */
export type Power = (numbers: Float64Array) => Float64Array;

/**
 * Return what transforms so many numbers: of a length that is no power of 2, as a convolution with a chirp (Bluestein
 * 1970), which powers of 2 transform.
 */
export function powerOf(length: number): Power {
  const bins = Math.floor(length / 2) + 1;
  const size = (length & (length - 1)) === 0 ? length : 2 ** Math.ceil(Math.log2(2 * length - 1));
  const transform = transformOf(size);
  const magnitudes = ({ re, im }: Complex): Float64Array =>
    Float64Array.from({ length: bins }, (_, k) => (re[k] as number) ** 2 + (im[k] as number) ** 2);
  const work: Complex = { re: new Float64Array(size), im: new Float64Array(size) };
  if (size === length)
    return (numbers) => {
      work.re.set(numbers);
      work.im.fill(0);
      transform(work);
      return magnitudes(work);
    };
  const chirp = chirpOf(length);
  const filter: Complex = { re: new Float64Array(size), im: new Float64Array(size) };
  for (let i = 0; i < length; i++) {
    for (const place of [i, (size - i) % size]) {
      filter.re[place] = chirp.re[i] as number;
      filter.im[place] = -(chirp.im[i] as number);
    }
  }
  transform(filter);
  return (numbers) => {
    work.re.fill(0);
    work.im.fill(0);
    for (let i = 0; i < length; i++) {
      work.re[i] = (numbers[i] as number) * (chirp.re[i] as number);
      work.im[i] = (numbers[i] as number) * (chirp.im[i] as number);
    }
    transform(work);
    for (let i = 0; i < size; i++) {
      const [a, b] = [work.re[i] as number, work.im[i] as number];
      const [c, d] = [filter.re[i] as number, filter.im[i] as number];
      work.re[i] = (a * c - b * d) / size;
      work.im[i] = -(a * d + b * c) / size; // conjugated, so that the same transform leads back
    }
    transform(work);
    return magnitudes(work); // what is left is a turn by the chirp, which changes no magnitude
  };
}

/** Return exp(-i pi k^2 / n); k^2 is taken modulo 2 n, so that no large angle loses digits. */
function chirpOf(length: number): Complex {
  const angle = (k: number): number => (Math.PI * ((k * k) % (2 * length))) / length;
  return {
    re: Float64Array.from({ length }, (_, k) => Math.cos(angle(k))),
    im: Float64Array.from({ length }, (_, k) => -Math.sin(angle(k))),
  };
}

/** Return what transforms a power of 2 in place (Cooley and Tukey 1965). */
function transformOf(size: number): (numbers: Complex) => void {
  const cos = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sin = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  const reversed = new Uint32Array(size);
  for (let i = 1; i < size; i++) reversed[i] = ((reversed[i >> 1] as number) >> 1) | (i & 1 ? size >> 1 : 0);
  return ({ re, im }) => {
    for (let i = 0; i < size; i++) {
      const j = reversed[i] as number;
      if (i >= j) continue;
      [re[i], re[j]] = [re[j] as number, re[i] as number];
      [im[i], im[j]] = [im[j] as number, im[i] as number];
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let begin = 0; begin < size; begin += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [c, s] = [cos[k * stride] as number, sin[k * stride] as number];
          const [even, odd] = [begin + k, begin + k + half];
          const [a, b] = [re[odd] as number, im[odd] as number];
          const [x, y] = [a * c - b * s, a * s + b * c];
          re[odd] = (re[even] as number) - x;
          im[odd] = (im[even] as number) - y;
          re[even] = (re[even] as number) + x;
          im[even] = (im[even] as number) + y;
        }
      }
    }
  };
}
