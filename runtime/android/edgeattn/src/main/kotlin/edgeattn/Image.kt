package edgeattn

import edgeattn.Processing.Channels
import edgeattn.Processing.Resample
import kotlin.math.abs

/** Pixels of 8 bits, rows from the top: grey, grey with alpha, RGB or RGBA. */
class Image(val width: Int, val height: Int, val channels: Int, private val pixels: ByteArray) {
    init {
        val fits = width >= 1 && height >= 1 && channels in 1..4 && pixels.size.toLong() == width.toLong() * height * channels
        requireInput(fits) { "${pixels.size} bytes found, $height x $width pixels of $channels channels expected" }
    }

    /** Return the planes of an opaque image in the order that is wanted. */
    internal fun planes(wanted: Channels): List<IntArray> {
        val isOpaque = channels % 2 == 1 || plane(channels - 1).all { it == 255 }
        requireInput(isOpaque) { "an image with transparent pixels found; put it on a background" }
        if (channels < 3) return List(wanted.name.length) { plane(0) }
        val (red, green, blue) = List(3, ::plane)
        return when (wanted) {
            Channels.RGB -> listOf(red, green, blue)
            Channels.BGR -> listOf(blue, green, red)
            Channels.L -> listOf(IntArray(red.size) { (19595 * red[it] + 38470 * green[it] + 7471 * blue[it] + 32768) shr 16 })
        }
    }

    private fun plane(channel: Int) = IntArray(width * height) { pixels[it * channels + channel].toInt() and 0xFF }
}

/** Stretch a plane, the width first and then the height, as Pillow does with images of 8 bits. */
internal fun resized(plane: IntArray, width: Int, height: Int, toWidth: Int, toHeight: Int, filter: Resample): IntArray {
    val across = lines(plane, height, width, toWidth, filter)
    val upright = lines(transposed(across, height, toWidth), toWidth, height, toHeight, filter)
    return transposed(upright, toWidth, toHeight)
}

private fun transposed(plane: IntArray, rows: Int, columns: Int) =
    IntArray(plane.size) { plane[it % rows * columns + it / rows] }

/** Resample [count] lines from [length] values to [wanted]. */
private fun lines(plane: IntArray, count: Int, length: Int, wanted: Int, filter: Resample): IntArray {
    if (length == wanted) return plane
    val reaches = if (filter == Resample.nearest) nearest(length, wanted) else weighed(length, wanted, filter)
    return IntArray(count * wanted) { place ->
        val reach = reaches[place % wanted]
        val start = place / wanted * length + reach.first
        val sum = reach.weights.foldIndexed(1 shl 21) { i, sum, weight -> sum + weight * plane[start + i] }
        (sum shr 22).coerceIn(0, 255)
    }
}

/** The values that one place is made of: from [first] on, with weights of 2^22 together. */
private class Reach(val first: Int, val weights: IntArray)

private fun nearest(length: Int, wanted: Int): List<Reach> {
    val step = length.toDouble() / wanted
    var place = step * 0.5
    return List(wanted) { Reach(place.toInt(), intArrayOf(1 shl 22)).also { place += step } }
}

private fun weighed(length: Int, wanted: Int, filter: Resample): List<Reach> {
    val scale = length.toDouble() / wanted
    val stretch = maxOf(scale, 1.0)
    val support = (if (filter == Resample.bilinear) 1.0 else 2.0) * stretch
    return List(wanted) { place ->
        val center = (place + 0.5) * scale
        val first = maxOf((center - support + 0.5).toInt(), 0)
        val end = minOf((center + support + 0.5).toInt(), length)
        val weights = List(end - first) { weight((first + it - center + 0.5) * (1 / stretch), filter) }
        val total = weights.reduce(Double::plus)
        Reach(first, IntArray(weights.size) { i ->
            val share = weights[i] / total * (1 shl 22)
            (if (share < 0) share - 0.5 else share + 0.5).toInt()
        })
    }
}

private fun weight(offset: Double, filter: Resample): Double {
    val x = abs(offset)
    return when {
        filter == Resample.bilinear -> if (x < 1) 1 - x else 0.0
        x < 1 -> ((1.5 * x) - 2.5) * x * x + 1
        x < 2 -> (((x - 5) * x + 8) * x - 4) * -0.5
        else -> 0.0
    }
}
