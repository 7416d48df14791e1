package edgeattn

/** A name, and the output's value at its place. */
data class ScoredLabel(val name: String, val value: Float)

/** Names the places of a call's outputs: for every vector, labels from the largest value to the least. */
fun Model.labels(outputs: Map<String, Tensor>): List<List<ScoredLabel>> {
    val vectors = mutableListOf<MutableList<ScoredLabel>>()
    val reader = object : Native.Reader() {
        override fun label(vector: Int, name: ByteArray, value: Float) {
            if (vector == vectors.size) vectors += mutableListOf<ScoredLabel>()
            vectors[vector] += ScoredLabel(name.decodeToString(), value)
        }
    }
    handle.use { Native.labels(it, outputs.arrays(), reader) }
    return vectors
}

/** A rectangle in an image, in pixels where its size is known, else in shares of it. */
data class Box(val left: Double, val top: Double, val right: Double, val bottom: Double)

/**
 * One thing that an output says, with what belongs to its kind: [score] is how sure it is, 0 to 1, [text] what was transcribed,
 * or a part of the text that was given.
 */
data class Prediction(
    val label: String?, val score: Double?, val text: String?, val box: Box?,
    /** Where an answer lies in its context, counted in code points: the first and the one behind the last. */
    val span: Pair<Int, Int>?,
)

/** The width and height in pixels of an image. */
data class ImageSize(val width: Int, val height: Int)

/**
 * Reads a call's outputs as a person would: for every row labels with scores, a text, the words of its text, an answer, or objects.
 * Words are read of [texts], what was prepared, and answers of [pairs], the second texts, too; boxes are in pixels where [sizes] has the size of each row's image.
 */
fun Model.predictions(
    outputs: Map<String, Tensor>, texts: List<String> = emptyList(), sizes: List<ImageSize> = emptyList(),
    pairs: List<String> = emptyList(),
): List<List<Prediction>> {
    val rows = mutableListOf<MutableList<Prediction>>()
    val reader = object : Native.Reader() {
        override fun row() {
            rows += mutableListOf<Prediction>()
        }

        override fun prediction(label: ByteArray?, text: ByteArray?, score: Double, box: DoubleArray?, span: LongArray?) {
            rows.last() += Prediction(
                label?.decodeToString(), score.takeUnless { it.isNaN() }, text?.decodeToString(),
                box?.let { (left, top, right, bottom) -> Box(left, top, right, bottom) },
                span?.let { (begin, end) -> begin.toInt() to end.toInt() },
            )
        }
    }
    val sides = sizes.flatMap { listOf(it.width.toLong(), it.height.toLong()) }.toLongArray()
    val given = listOf(texts, pairs).map { list -> Array(list.size) { i -> list[i].utf8() } }
    handle.use { Native.predictions(it, outputs.arrays(), given[0], given[1], sides, reader) }
    return rows
}

/** Returns what a call forecast, in the series' own units: float64, `[batch, series, time]`. */
fun Model.forecast(outputs: Map<String, Tensor>): Tensor =
    tensors(handle.use { Native.forecast(it, outputs.arrays()) }).values.single()

/** Returns the text of token ids that a decoder generated, without special tokens. */
fun Model.decode(tokens: List<Int>): String =
    handle.use { Native.decode(it, LongArray(tokens.size) { i -> tokens[i].toLong() }) }.decodeToString()
