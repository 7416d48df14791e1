package ai.onnxruntime;

import java.nio.ByteBuffer;

/** The calls into onnxruntime's library, in engine.c. */
final class Library {
  static {
    System.loadLibrary("engine");
  }

  static native String version();

  static native String[] providers();

  static native long open(
      String path, int threads, boolean arena, boolean pattern, String[] names, String[] values) throws OrtException;

  static native void close(long session);

  static native String[] names(long session, boolean outputs) throws OrtException;

  static native int[] types(long session, boolean outputs) throws OrtException;

  /** Returns bytes, shape and type of each output, or null where outputs are given memory. */
  static native Object[] run(
      long session, String[] inputs, ByteBuffer[] data, long[][] shapes, int[] types,
      String[] outputs, ByteBuffer[] places, long[][] placeShapes, int[] placeTypes)
      throws OrtException;
}
