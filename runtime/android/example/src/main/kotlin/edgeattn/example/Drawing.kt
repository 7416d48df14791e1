package edgeattn.example

import edgeattn.ImageInput
import kotlin.math.hypot

/** A point of a square of 1 x 1. */
data class Point(val x: Float, val y: Float)

/** What a finger drew: strokes, each the points that it went through. */
class Drawing {
    val strokes = mutableListOf<MutableList<Point>>()
    val isEmpty get() = strokes.isEmpty()

    fun begin(point: Point) {
        strokes += mutableListOf(point)
    }

    fun move(point: Point) {
        strokes.last() += point
    }

    fun clear() = strokes.clear()

    /** Paint it black on white, as ink on paper, so large that it fills the square. */
    fun image(side: Int = 64): ImageInput {
        val points = strokes.flatten()
        val (left, right) = points.minOf { it.x } to points.maxOf { it.x }
        val (top, bottom) = points.minOf { it.y } to points.maxOf { it.y }
        val scale = maxOf(right - left, bottom - top, 0.1f) / (1 - THICKNESS)
        val pixels = ByteArray(side * side) { place ->
            val x = ((place % side + 0.5f) / side - 0.5f) * scale + (left + right) / 2
            val y = ((place / side + 0.5f) / side - 0.5f) * scale + (top + bottom) / 2
            val nearest = strokes.minOf { stroke -> distance(Point(x, y), stroke) }
            val ink = (THICKNESS / 2 - nearest / scale) * side + 0.5f // a soft edge, one pixel wide
            (255 - 255 * ink.coerceIn(0f, 1f)).toInt().toByte()
        }
        return ImageInput(side, side, 1, pixels)
    }

    companion object {
        const val THICKNESS = 0.15f // of a stroke, as a share of the square's side
    }
}

private fun distance(point: Point, stroke: List<Point>): Float = (stroke + stroke.last()).zipWithNext { a, b ->
    val (dx, dy) = b.x - a.x to b.y - a.y
    val length = dx * dx + dy * dy
    val along = if (length == 0f) 0f else (((point.x - a.x) * dx + (point.y - a.y) * dy) / length).coerceIn(0f, 1f)
    hypot(a.x + along * dx - point.x, a.y + along * dy - point.y)
}.min()
