package android.view;

public class Gravity {
  public static final int CENTER_HORIZONTAL = 1;
}
