/** The microphone, at the rate that the model takes. */

const RECORDER = new URL('recorder.js', document.baseURI).href;

export class Microphone {
  private constructor(
    private readonly context: AudioContext,
    private readonly stream: MediaStream,
  ) {}

  /** Ask for it, and hand over what it records. @param onSamples Told of them, some hundred at a time. */
  static async open(rate: number, onSamples: (samples: Float32Array) => void): Promise<Microphone> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const context = new AudioContext({ sampleRate: rate }); // it resamples
    await context.audioWorklet.addModule(RECORDER);
    const recorder = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }: MessageEvent<Float32Array>) => onSamples(data);
    context.createMediaStreamSource(stream).connect(recorder);
    return new Microphone(context, stream);
  }

  async close(): Promise<void> {
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
  }
}
