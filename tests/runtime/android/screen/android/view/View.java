package android.view;

import android.content.Context;
import android.graphics.Canvas;

public class View {
  public interface OnClickListener {
    void onClick(View view);
  }

  public View(Context context) {}

  protected void onMeasure(int width, int height) {}

  protected void onDraw(Canvas canvas) {}

  public boolean onTouchEvent(MotionEvent event) {
    return false;
  }

  public final int getWidth() {
    return 0;
  }

  public final int getHeight() {
    return 0;
  }

  public void invalidate() {}

  public CharSequence getContentDescription() {
    return null;
  }

  public void setContentDescription(CharSequence words) {}

  public void setBackgroundColor(int color) {}

  public void setPadding(int left, int top, int right, int bottom) {}

  public void setOnClickListener(OnClickListener listener) {}
}
