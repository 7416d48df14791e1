package ai.onnxruntime;

public class OrtException extends Exception {
  public OrtException(String message) {
    super("Error code - ORT_FAIL - message: " + message);
  }
}
