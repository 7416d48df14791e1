/** A turn of the event loop: clicks, frames and timers that wait on this thread have it. */

/** Let whatever waits run. Timers would do it too, and browsers make them wait for 4 ms. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
