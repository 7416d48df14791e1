package ai.onnxruntime;

public enum OnnxJavaType {
  FLOAT,
  DOUBLE,
  INT8,
  INT16,
  INT32,
  INT64,
  BOOL,
  UINT8,
  FLOAT16;

  /** ONNX's number of it. */
  int onnx() {
    return switch (this) {
      case FLOAT -> 1;
      case UINT8 -> 2;
      case INT8 -> 3;
      case INT16 -> 5;
      case INT32 -> 6;
      case INT64 -> 7;
      case BOOL -> 9;
      case FLOAT16 -> 10;
      case DOUBLE -> 11;
    };
  }
}
