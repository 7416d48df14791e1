package edgeattn

/** A name, and the output's value at its place. */
data class Label(val name: String, val value: Float)

/** Names the places of a call's outputs: for every vector, labels from the largest value to the least. */
fun Model.labels(outputs: Map<String, Tensor>): List<List<Label>> {
    val vectors = mutableListOf<MutableList<Label>>()
    val reader = object : Native.Reader() {
        override fun label(vector: Int, name: ByteArray, value: Float) {
            if (vector == vectors.size) vectors += mutableListOf<Label>()
            vectors[vector] += Label(name.decodeToString(), value)
        }
    }
    handle.use { Native.labels(it, outputs.arrays(), reader) }
    return vectors
}

/** Returns what a call forecast, in the series' own units: float64, `[batch, series, time]`. */
fun Model.forecast(outputs: Map<String, Tensor>): Tensor =
    tensors(handle.use { Native.forecast(it, outputs.arrays()) }).values.single()

/** Returns the text of token ids that a decoder generated, without special tokens. */
fun Model.decode(tokens: List<Int>): String =
    handle.use { Native.decode(it, LongArray(tokens.size) { i -> tokens[i].toLong() }) }.decodeToString()
