/** The device that a figure was measured on: without it, a latency says nothing. */
export type Machine = {
  readonly cpu: string;
  readonly instruction_sets: readonly string[];
  readonly cores: number;
  /** Of the whole machine, in 10^6 bytes; null where it cannot be known. */
  readonly memory_mb: number | null;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
};
