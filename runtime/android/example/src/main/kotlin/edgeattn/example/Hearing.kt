package edgeattn.example

import edgeattn.ScoredLabel
import kotlin.math.exp

/** A word, and the second in which it ended. */
data class Word(val name: String, val second: Double)

/** Which words a window that moves hears, each once: the rule of `models/keywords`. */
class Hearing {
    private var before = emptyMap<String, Double>()
    private var last: Word? = null

    /** Take the labels of the window that ended in this second, and return the word that is heard. */
    fun take(labels: List<ScoredLabel>, second: Double): Word? {
        val now = likelihoods(labels)
        val odds = now.mapValues { (name, share) -> (share + (before[name] ?: share)) / 2 }
        before = now
        val (name, share) = odds.maxBy { it.value }
        val again = last?.let { second - it.second <= 1 } ?: false // the window still holds the word before
        if (name in SILENT || share < CERTAIN || again) return null
        return Word(name, second).also { last = it }
    }

    private companion object {
        const val CERTAIN = 0.5 // of a word, the mean of two answers in a row
        val SILENT = setOf("another word", "no word")
    }
}

/** Return how likely each label is: the softmax of their values, of which the first is the largest. */
private fun likelihoods(labels: List<ScoredLabel>): Map<String, Double> {
    val masses = labels.associate { it.name to exp((it.value - labels[0].value).toDouble()) }
    val whole = masses.values.sum()
    return masses.mapValues { it.value / whole }
}
