/** Numbers as a person reads them. */

/** Write a number with about three digits that count: 1284, 39.2, 1.24, 0.083. */
export function figure(value: number): string {
  const decimals = [100, 10, 1].findIndex((least) => Math.abs(value) >= least);
  return value.toFixed(decimals < 0 ? 3 : decimals);
}

/** Write bytes in 10^6. */
export const megabytes = (bytes: number): string => `${figure(bytes / 1e6)} MB`;

/** Write "1 thread" or "2 threads". */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Write an error of golden outputs with five decimals. */
export const errorText = (value: number | null): string => value?.toFixed(5) ?? 'none';
