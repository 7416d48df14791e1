package edgeattn.example

import edgeattn.Model
import edgeattn.labels
import edgeattn.stream
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** Hears words with the bundle of `models/keywords`. */
class WordSpotter(private val model: Model) : AutoCloseable {
    /** Emit the words of a sound of [RATE] as they are heard; it comes in samples of -1 to 1, some at a time. */
    fun words(sound: Flow<FloatArray>): Flow<Word> = flow {
        model.stream(hop = RATE / TIMES).use { stream ->
            val hearing = Hearing()
            sound.collect { samples ->
                stream.pushSamples(listOf(samples))
                while (true) {
                    val moment = stream.next() ?: break
                    hearing.take(model.labels(moment.outputs)[0], moment.end.toDouble() / RATE)?.let { emit(it) }
                }
            }
        }
    }

    override fun close() = model.close()

    companion object {
        const val RATE = 8000 // samples a second, as the model takes them
        private const val TIMES = 5 // answers a second
    }
}
