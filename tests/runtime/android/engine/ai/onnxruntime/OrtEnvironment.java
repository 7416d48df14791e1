package ai.onnxruntime;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

public final class OrtEnvironment {
  private static final OrtEnvironment ONLY = new OrtEnvironment();

  public static OrtEnvironment getEnvironment(OrtLoggingLevel level, String name) {
    return ONLY;
  }

  public static EnumSet<OrtProvider> getAvailableProviders() {
    List<String> names = Arrays.asList(Library.providers());
    EnumSet<OrtProvider> providers = EnumSet.allOf(OrtProvider.class);
    providers.removeIf(provider -> !names.contains(provider.getName()));
    return providers;
  }

  public String getVersion() {
    return Library.version();
  }

  public void setTelemetry(boolean sends) {}

  public OrtSession createSession(String path, OrtSession.SessionOptions options) throws OrtException {
    String[] names = options.entries.keySet().toArray(new String[0]);
    String[] values = options.entries.values().toArray(new String[0]);
    return new OrtSession(Library.open(path, options.threads, options.arena, options.pattern, names, values));
  }
}
