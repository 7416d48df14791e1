/** Gathers what a microphone records, and hands it to the page a tenth of a second at a time. */

class Recorder extends AudioWorkletProcessor {
  #samples = [];

  process([[channel]]) {
    if (channel) this.#samples.push(...channel.map((sample) => Math.min(Math.max(sample, -1), 1)));
    if (this.#samples.length >= sampleRate / 10) {
      this.port.postMessage(Float32Array.from(this.#samples));
      this.#samples = [];
    }
    return true;
  }
}

registerProcessor('recorder', Recorder);
