package ai.onnxruntime;

public class NodeInfo {
  private final ValueInfo info;

  NodeInfo(ValueInfo info) {
    this.info = info;
  }

  public ValueInfo getInfo() {
    return info;
  }
}
