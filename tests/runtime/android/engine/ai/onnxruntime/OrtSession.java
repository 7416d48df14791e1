package ai.onnxruntime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

public class OrtSession implements AutoCloseable {
  private final long handle;

  OrtSession(long handle) {
    this.handle = handle;
  }

  public Map<String, NodeInfo> getInputInfo() throws OrtException {
    return info(false);
  }

  public Map<String, NodeInfo> getOutputInfo() throws OrtException {
    return info(true);
  }

  private Map<String, NodeInfo> info(boolean outputs) throws OrtException {
    String[] names = Library.names(handle, outputs);
    int[] types = Library.types(handle, outputs);
    Map<String, NodeInfo> found = new LinkedHashMap<>();
    for (int i = 0; i < names.length; i++) found.put(names[i], new NodeInfo(new TensorInfo(types[i], null)));
    return found;
  }

  public Result run(Map<String, ? extends OnnxTensorLike> inputs, Set<String> requestedOutputs) throws OrtException {
    return call(inputs, requestedOutputs.toArray(new String[0]), null);
  }

  public Result run(
      Map<String, ? extends OnnxTensorLike> inputs,
      Set<String> requestedOutputs,
      Map<String, ? extends OnnxValue> pinnedOutputs)
      throws OrtException {
    if (!requestedOutputs.isEmpty()) throw new IllegalArgumentException("this stand-in takes one or the other");
    OnnxTensor[] pinned = pinnedOutputs.values().toArray(new OnnxTensor[0]);
    return call(inputs, pinnedOutputs.keySet().toArray(new String[0]), pinned);
  }

  private Result call(Map<String, ? extends OnnxTensorLike> inputs, String[] outputs, OnnxTensor[] pinned)
      throws OrtException {
    OnnxTensor[] given = inputs.values().toArray(new OnnxTensor[0]);
    Object[] found =
        Library.run(
            handle, inputs.keySet().toArray(new String[0]), data(given), shapes(given), types(given),
            outputs, data(pinned), shapes(pinned), types(pinned));
    Map<String, OnnxValue> values = new LinkedHashMap<>();
    for (int i = 0; found != null && i < outputs.length; i++) {
      ByteBuffer bytes = ByteBuffer.wrap((byte[]) found[3 * i]).order(ByteOrder.nativeOrder());
      values.put(outputs[i], new OnnxTensor(bytes, (long[]) found[3 * i + 1], ((int[]) found[3 * i + 2])[0]));
    }
    return new Result(values);
  }

  private static ByteBuffer[] data(OnnxTensor[] tensors) {
    if (tensors == null) return null;
    ByteBuffer[] data = new ByteBuffer[tensors.length];
    for (int i = 0; i < data.length; i++) data[i] = tensors[i].data;
    return data;
  }

  private static long[][] shapes(OnnxTensor[] tensors) {
    if (tensors == null) return null;
    long[][] shapes = new long[tensors.length][];
    for (int i = 0; i < shapes.length; i++) shapes[i] = tensors[i].shape;
    return shapes;
  }

  private static int[] types(OnnxTensor[] tensors) {
    if (tensors == null) return null;
    int[] types = new int[tensors.length];
    for (int i = 0; i < types.length; i++) types[i] = tensors[i].type;
    return types;
  }

  @Override
  public void close() throws OrtException {
    Library.close(handle);
  }

  public static class Result implements AutoCloseable {
    private final Map<String, OnnxValue> values;

    Result(Map<String, OnnxValue> values) {
      this.values = values;
    }

    public Optional<OnnxValue> get(String name) {
      return Optional.ofNullable(values.get(name));
    }

    @Override
    public void close() {}
  }

  public static class SessionOptions implements AutoCloseable {
    int threads;
    boolean arena = true;
    boolean pattern = true;
    final Map<String, String> entries = new LinkedHashMap<>();

    public void setIntraOpNumThreads(int threads) throws OrtException {
      this.threads = threads;
    }

    public void setInterOpNumThreads(int threads) throws OrtException {}

    public void setCPUArenaAllocator(boolean arena) throws OrtException {
      this.arena = arena;
    }

    public void setMemoryPatternOptimization(boolean pattern) throws OrtException {
      this.pattern = pattern;
    }

    public void addConfigEntry(String name, String value) throws OrtException {
      entries.put(name, value);
    }

    public void addXnnpack(Map<String, String> options) throws OrtException {
      throw new OrtException("this build has no XNNPACK");
    }

    public void addQnn(Map<String, String> options) throws OrtException {
      throw new OrtException("this build has no QNN");
    }

    public void addNnapi() throws OrtException {
      throw new OrtException("this build has no NNAPI");
    }

    @Override
    public void close() {}
  }
}
