package edgeattn.example

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Path
import android.view.MotionEvent
import android.view.View

/** A square of paper to draw a digit into. */
@SuppressLint("ClickableViewAccessibility") // to draw is no click
class DrawingView(context: Context, private val onDrawn: (Drawing) -> Unit) : View(context) {
    val drawing = Drawing()
    private val pen = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeCap = Paint.Cap.ROUND
        strokeJoin = Paint.Join.ROUND
        color = Color.BLACK
    }

    init {
        contentDescription = "A square to draw a digit into"
        setBackgroundColor(Color.WHITE)
    }

    fun clear() {
        drawing.clear()
        invalidate()
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        super.onMeasure(widthMeasureSpec, widthMeasureSpec) // as high as it is wide
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        val point = Point(event.x / width, event.y / height)
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> drawing.begin(point)
            MotionEvent.ACTION_MOVE -> drawing.move(point)
            MotionEvent.ACTION_UP -> onDrawn(drawing)
        }
        invalidate()
        return true
    }

    override fun onDraw(canvas: Canvas) {
        pen.strokeWidth = Drawing.THICKNESS * width
        for (stroke in drawing.strokes) {
            val path = Path()
            path.moveTo(stroke[0].x * width, stroke[0].y * height)
            stroke.forEach { path.lineTo(it.x * width, it.y * height) }
            canvas.drawPath(path, pen)
        }
    }
}
