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

  protected void onCreate(Bundle state) {}

  protected void onDestroy() {}

  public void setContentView(View view) {}

  public void runOnUiThread(Runnable action) {}
}
