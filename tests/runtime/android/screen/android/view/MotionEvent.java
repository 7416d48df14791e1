package android.view;

public abstract class MotionEvent {
  public static final int ACTION_DOWN = 0;
  public static final int ACTION_UP = 1;
  public static final int ACTION_MOVE = 2;

  public abstract float getX();

  public abstract float getY();

  public abstract int getActionMasked();
}
