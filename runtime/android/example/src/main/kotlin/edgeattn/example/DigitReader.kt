package edgeattn.example

import edgeattn.Label
import edgeattn.Model
import edgeattn.labels
import edgeattn.prepare
import java.io.File

/** Reads drawings with the bundle of `models/digits`. */
class DigitReader(bundle: File) : AutoCloseable {
    private val model = Model.load(bundle)

    /** Return digits and their scores, the likeliest first. */
    fun read(drawing: Drawing): List<Label> = model.labels(model.run(model.prepare(listOf(drawing.image()))))[0]

    override fun close() = model.close()
}
