package android.app;

import android.content.Context;
import android.content.res.AssetManager;
import android.os.Bundle;
import android.view.View;

public class Activity extends Context {
  @Override
  public AssetManager getAssets() {
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
