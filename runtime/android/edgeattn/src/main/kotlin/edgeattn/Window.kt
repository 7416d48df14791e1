package edgeattn

import kotlin.time.Duration

/** What a window, or a hop, was answered with, and where it ended: how many samples had come by then. */
class Moment(val end: Long, val outputs: Map<String, Tensor>)

/** A sound, series or arrays that never end, answered a window at a time or in steps. One thread uses it at a time. */
class ModelStream internal constructor(private val handle: Handle) : AutoCloseable {
    /** Takes samples that have come, an array a channel, and runs nothing. */
    fun pushSamples(channels: List<FloatArray>) {
        requireEven(channels.map { it.size }, "channels")
        handle.use { Native.pushSound(it, channels.joined(), channels.size) }
    }

    /** Takes values that have come, an array a series, and runs nothing. */
    fun pushSeries(series: List<DoubleArray>) {
        requireEven(series.map { it.size }, "series")
        handle.use { Native.pushSeries(it, series.joined(), series.size) }
    }

    /**
     * Takes an array that has come, of a bundle in steps that prepares neither sounds nor series, and runs nothing: float32 in the
     * input's dims without the batch, any number along the time.
     */
    fun push(array: Tensor) = handle.use { Native.pushArray(it, mapOf("array" to array).arrays()) }

    /** Begins anew: nothing has come and, in steps, zeros are in every state. */
    fun reset() = handle.use { Native.resetStream(it) }

    /**
     * Answers the next window, or hop, that is complete; null where none is.
     *
     * @throws InputError where the bundle refuses it; the next call goes on behind it
     */
    suspend fun next(deadline: Duration? = null): Moment? = blocking { cancellation ->
        val end = LongArray(1)
        handle.use { Native.next(it, deadline.milliseconds, cancellation, end) }?.let { Moment(end[0], tensors(it)) }
    }

    override fun close() = handle.close()
}

/**
 * Begins a stream of windows: the first answer comes with as many samples as a window has, the others a hop later each.
 *
 * @param hop samples, or values of each series, from an answer to the next
 * @param window as many are looked at; null takes as many as the input has
 */
fun Model.stream(hop: Int, window: Int? = null): ModelStream =
    ModelStream(Handle(handle.use { Native.newStream(it, hop.toLong(), window.counted()) }, "stream", Native::freeStream))

/**
 * Begins a stream in steps, of a bundle with `streaming` in its manifest: each hop is computed once, and what it needs of the past is in
 * the state that the graph keeps.
 */
fun Model.steps(): ModelStream = ModelStream(Handle(handle.use { Native.newStepStream(it) }, "stream", Native::freeStream))
