package android.app;

import android.content.Context;
import android.content.pm.PackageManager;
import android.content.res.AssetManager;
import android.os.Bundle;
import android.view.View;
import java.io.File;

public class Activity extends Context {
  @Override
  public AssetManager getAssets() {
    return null;
  }

  @Override
  public File getNoBackupFilesDir() {
    return null;
  }

  @Override
  public PackageManager getPackageManager() {
    return null;
  }

  @Override
  public String getPackageName() {
    return null;
  }

  @Override
  public int checkSelfPermission(String permission) {
    return 0;
  }

  public final void requestPermissions(String[] permissions, int code) {}

  protected void onCreate(Bundle state) {}

  protected void onStop() {}

  protected void onDestroy() {}

  public void setContentView(View view) {}

  public void runOnUiThread(Runnable action) {}
}
