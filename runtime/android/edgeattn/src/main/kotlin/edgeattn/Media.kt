package edgeattn

import java.io.File

/** Pixels of 8 bits, rows from the top: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
class ImageInput(val width: Int, val height: Int, val channels: Int, val pixels: ByteArray) {
    init {
        val isSmall = width in 1..MOST && height in 1..MOST && channels in 1..4
        requireInput(isSmall && pixels.size.toLong() == 1L * width * height * channels) {
            "${pixels.size} bytes found, $height x $width pixels of $channels channels expected"
        }
    }

    private companion object {
        const val MOST = 1 shl 24
    }
}

/** Samples of -1 to 1, as many a channel, at so many samples a second. */
class SoundInput(val rate: Int, val channels: List<FloatArray>) {
    init {
        requireEven(channels.map { it.size }, "channels")
    }

    internal val size = channels.firstOrNull()?.size ?: 0

    companion object {
        /**
         * Reads a WAV file of integers of 8 to 32 bits, or of float32.
         *
         * @throws InputError where it is none, or cut
         */
        fun read(file: MediaFile): SoundInput {
            val rate = LongArray(1)
            val samples = tensors(Native.readSound(file.path, file.bytes, rate)).getValue("samples")
            val (count, time) = samples.dims
            val values = samples.floats()
            return SoundInput(rate[0].toInt(), List(count) { values.copyOfRange(it * time, (it + 1) * time) })
        }
    }
}

/** Series in their own units, as many numbers of each, in the order of the manifest's names; a NaN is missing. */
class SeriesInput(val values: List<DoubleArray>) {
    init {
        requireEven(values.map { it.size }, "series")
    }

    internal val size = values.firstOrNull()?.size ?: 0
}

/** A file, by where it is or by its bytes. */
class MediaFile private constructor(internal val path: ByteArray?, internal val bytes: ByteArray?) {
    constructor(file: File) : this(file.path.utf8(), null)
    constructor(bytes: ByteArray) : this(null, bytes)
}

internal fun requireEven(sizes: List<Int>, what: String) =
    requireInput(sizes.distinct().size <= 1) { "$what of several lengths found, one length expected" }

/** Returns rows one behind the other. */
internal fun List<FloatArray>.joined(): FloatArray = FloatArray(sumOf { it.size }).also { whole ->
    fold(0) { at, row -> at + row.copyInto(whole, at).let { row.size } }
}

@JvmName("joinedDoubles")
internal fun List<DoubleArray>.joined(): DoubleArray = DoubleArray(sumOf { it.size }).also { whole ->
    fold(0) { at, row -> at + row.copyInto(whole, at).let { row.size } }
}
