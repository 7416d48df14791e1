package edgeattn

import kotlin.time.Duration

/** What a window was answered with, and where it ended: how many samples had come by then. */
class Moment(val end: Long, val outputs: Map<String, Tensor>)

/**
 * A sound, or series, that never end, answered a window at a time: the first answer comes with as many samples as a window has, the
 * others a hop later each. One thread uses it at a time.
 */
class ModelStream internal constructor(private val handle: Handle) : AutoCloseable {
    /** Takes samples that have come, an array a channel, and runs nothing. */
    fun pushSamples(channels: List<FloatArray>) {
        requireEven(channels.map { it.size }, "channels")
        handle.use { Native.pushSound(it, channels.joined(), channels.firstOrNull()?.size ?: 0) }
    }

    /** Takes values that have come, an array a series, and runs nothing. */
    fun pushSeries(series: List<DoubleArray>) {
        requireEven(series.map { it.size }, "series")
        handle.use { Native.pushSeries(it, series.joined(), series.firstOrNull()?.size ?: 0) }
    }

    /**
     * Answers the next window that is complete; null where none is.
     *
     * @throws InputError where the bundle refuses the window; the next call goes on behind it
     */
    suspend fun next(deadline: Duration? = null): Moment? = blocking { cancellation ->
        val end = LongArray(1)
        val outputs = handle.use { Native.next(it, deadline.milliseconds, cancellation, end) }
        if (outputs == 0L) null else Moment(end[0], taken(outputs))
    }

    override fun close() = handle.close()
}

/**
 * Begins a stream.
 *
 * @param hop samples, or values of each series, from an answer to the next
 * @param window as many are looked at; null takes as many as the input has
 */
fun Model.stream(hop: Int, window: Int? = null): ModelStream =
    ModelStream(Handle(handle.use { Native.newStream(it, hop.toLong(), window.counted()) }, "stream", Native::freeStream))
