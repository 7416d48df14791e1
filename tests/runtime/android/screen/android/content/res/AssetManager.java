package android.content.res;

import java.io.IOException;

public abstract class AssetManager {
  public abstract String[] list(String path) throws IOException;

  public abstract AssetFileDescriptor openFd(String path) throws IOException;
}
