package edgeattn.example

import edgeattn.ScoredLabel
import edgeattn.Model
import edgeattn.labels
import edgeattn.prepareImages

/** Reads drawings with the bundle of `models/digits`. */
class DigitReader(private val model: Model) : AutoCloseable {
    /** Return digits and their scores, the likeliest first. */
    suspend fun read(drawing: Drawing): List<ScoredLabel> = model.labels(model.run(model.prepareImages(listOf(drawing.image()))))[0]

    override fun close() = model.close()
}
