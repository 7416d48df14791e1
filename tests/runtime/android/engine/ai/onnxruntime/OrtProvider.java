package ai.onnxruntime;

public enum OrtProvider {
  CPU("CPUExecutionProvider"),
  XNNPACK("XnnpackExecutionProvider"),
  NNAPI("NnapiExecutionProvider"),
  QNN("QNNExecutionProvider");

  private final String name;

  OrtProvider(String name) {
    this.name = name;
  }

  public String getName() {
    return name;
  }
}
