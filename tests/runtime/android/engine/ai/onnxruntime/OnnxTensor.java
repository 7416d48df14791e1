package ai.onnxruntime;

import java.nio.ByteBuffer;

public class OnnxTensor extends OnnxTensorLike {
  final ByteBuffer data;
  final long[] shape;
  final int type;

  OnnxTensor(ByteBuffer data, long[] shape, int type) {
    this.data = data;
    this.shape = shape;
    this.type = type;
  }

  public static OnnxTensor createTensor(OrtEnvironment environment, ByteBuffer data, long[] shape, OnnxJavaType type)
      throws OrtException {
    return new OnnxTensor(data, shape, type.onnx());
  }

  public TensorInfo getInfo() {
    return new TensorInfo(type, shape);
  }

  public ByteBuffer getByteBuffer() {
    return data.duplicate();
  }

  @Override
  public void close() {}
}
