package edgeattn.example

import android.content.Context
import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import android.widget.TextView

/** Views one below the other. */
fun Context.column(vararg views: View) = LinearLayout(this).apply {
    orientation = LinearLayout.VERTICAL
    gravity = Gravity.CENTER_HORIZONTAL
    setPadding(48, 96, 48, 48)
    views.forEach { addView(it) }
}

fun Context.text(words: String, size: Float) = TextView(this).apply {
    text = words
    textSize = size
    gravity = Gravity.CENTER_HORIZONTAL
}
