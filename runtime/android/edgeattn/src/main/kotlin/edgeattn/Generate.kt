package edgeattn

import java.io.File
import kotlin.math.exp
import kotlin.random.Random

/** What a model continues: a decoder's tokens, or what an encoder reads. */
sealed interface Prompt {
    class Tokens(val ids: List<Int>) : Prompt

    class Sources(val tensors: Map<String, Tensor>) : Prompt
}

/**
 * How the next token is chosen, and when to stop.
 *
 * @property start tokens that an encoder-decoder's answer begins with.
 * @property maxNewTokens the most to yield; null is as many as there are positions.
 * @property temperature 0 is greedy: the likeliest token, of a tie the lowest.
 */
class GenerationOptions(
    val start: List<Int> = emptyList(),
    val maxNewTokens: Int? = null,
    val temperature: Double = 0.0,
    val topK: Int? = null,
    val topP: Double? = null,
    val stop: Set<Int> = emptySet(),
    val random: Random = Random.Default,
)

/**
 * Continue a prompt, and yield the new tokens as they are asked for. What is wrong with the call is told before the first.
 *
 * @throws InputError for a prompt or an option that the model does not take.
 */
fun Model.generate(prompt: Prompt, options: GenerationOptions = GenerationOptions()): Sequence<Int> {
    val names = manifest.generation
        ?: throw InputError("${manifest.name}: no generation in its manifest; export a decoder with a key-value cache")
    val graph = manifest.graphs.getValue(names.decoder)
    val words = graph.outputs.first { it.name == names.logits }.dims[2].size!!
    check(options, words)
    val begin = beginning(prompt, options, names, words)
    val count = listOfNotNull(options.maxNewTokens, names.positions?.let { it - begin.size + 1 }).minOrNull()
        ?: throw InputError("maxNewTokens: null found, a number expected: the model has no last position")
    checkMemory(names, graph, begin.size.toLong() + count - 1)
    val stepper = Stepper(decoder, graph, names, encode(prompt, names), words)
    return sequence {
        var next = begin
        repeat(count) {
            val token = choose(stepper.step(next), options)
            if (token in options.stop) return@sequence
            yield(token)
            next = listOf(token)
        }
    }.constrainOnce()
}

private fun check(options: GenerationOptions, words: Int) {
    requireInput(options.temperature >= 0 && options.temperature.isFinite()) {
        "temperature: ${options.temperature} found, at least 0 expected"
    }
    requireInput((options.topK ?: 1) >= 1) { "topK: ${options.topK} found, at least 1 expected" }
    requireInput(options.topP == null || (options.topP > 0 && options.topP <= 1)) {
        "topP: ${options.topP} found, above 0 and at most 1 expected"
    }
    requireInput((options.maxNewTokens ?: 1) >= 1) {
        "maxNewTokens: ${options.maxNewTokens} found, at least 1 expected"
    }
    checkTokens("stop", options.stop, words, 0)
}

/** Return the tokens that the decoder begins with. */
private fun beginning(prompt: Prompt, options: GenerationOptions, names: Generation, words: Int): List<Int> {
    val (name, begin) = if (names.encoder != null) "start" to options.start else {
        requireInput(prompt is Prompt.Tokens) {
            "prompt: tensors by name found, tokens expected: a decoder alone has no sources"
        }
        requireInput(options.start.isEmpty()) {
            "start: tokens found, none expected: a decoder alone begins with its prompt"
        }
        "prompt" to (prompt as Prompt.Tokens).ids
    }
    checkTokens(name, begin, words, 1)
    val most = names.positions ?: Int.MAX_VALUE
    requireInput(begin.size <= most) { "$name: ${begin.size} tokens found, at most $most expected; shorten it" }
    return begin
}

private fun checkTokens(name: String, tokens: Collection<Int>, words: Int, least: Int) {
    requireInput(tokens.size >= least) { "$name: no token found, at least $least expected" }
    tokens.forEach { requireInput(it in 0 until words) { "$name: token $it found, 0 to ${words - 1} expected; check the tokenizer" } }
}

/** Check that a cache of [total] tokens can be had, one tensor of it twice while it grows. */
private fun checkMemory(names: Generation, decoder: Graph, total: Long) {
    val available = File("/proc/meminfo").takeIf { it.canRead() }?.useLines { lines ->
        lines.firstOrNull { it.startsWith("MemAvailable:") }?.filter { it.isDigit() }?.toLong()?.times(1024)
    } ?: return
    val pasts = decoder.inputs.filter { spec -> names.cache.any { it.past == spec.name } }
    val sizes = pasts.map { it.dims[1].size!!.toDouble() * it.dims[3].size!! * 4 }
    requireInput((sizes.sum() + sizes.max()) * names.room(total) <= available) {
        "a cache of $total tokens: more memory than the ${available shr 20} MiB available; ask for fewer new tokens"
    }
}

/** Run the encoder, where there is one, and return what the decoder takes of it. */
private fun Model.encode(prompt: Prompt, names: Generation): Map<String, Tensor> {
    val graph = manifest.graphs[names.encoder ?: return emptyMap()]!!
    val sources = when (prompt) {
        is Prompt.Sources -> prompt.tensors
        is Prompt.Tokens -> {
            val spec = graph.inputs[0]
            requireInput(prompt.ids.isNotEmpty()) { "prompt: no token found, at least 1 expected" }
            requireInput(graph.inputs.size == 1 && spec.dtype.isInteger && spec.dims.size == 2) {
                "prompt: tokens found, tensors by name expected by the encoder: ${graph.inputs}"
            }
            val ids = LongArray(prompt.ids.size) { prompt.ids[it].toLong() }
            mapOf(spec.name to Tensor.whole(ids, spec.dtype, listOf(1, ids.size)))
        }
    }
    graph.check(sources, manifest.symbols)
    val batch = manifest.graphs.getValue(names.decoder).inputs.first { it.name == names.tokens }.dims[0].symbol
    val rows = graph.sizes(sources)[batch] ?: 1
    requireInput(rows == 1) { "prompt: $rows sequences found, 1 expected; generate for each by itself" }
    return run(sources, names.encoder).filterKeys { it in names.carried }
}

/**
 * Return the room that a cache is given for [total] tokens: whole blocks. Moving it costs about what two steps read, so a step
 * in 64 may; attention reads the whole capacity, so more room would cost every step.
 */
private fun Generation.room(total: Long): Int = minOf((total + 63) / 64 * 64, (positions ?: Int.MAX_VALUE).toLong()).toInt()

/** One sequence, from an empty cache on. A step writes its keys and values where they stay, and copies nothing of the past. */
private class Stepper(
    private val session: GraphSession,
    decoder: Graph,
    private val names: Generation,
    private val carried: Map<String, Tensor>,
    private val words: Int,
) {
    private val cache = names.emptyCache(decoder, 1, 0).toMutableMap()
    private var capacity = 0
    private var held = 0

    /** Take the next tokens, and return the logits that follow the last. */
    fun step(tokens: List<Int>): FloatArray {
        if (held + tokens.size > capacity) {
            capacity = names.room(held + tokens.size.toLong())
            for (entry in names.cache) {
                val old = cache.getValue(entry.past)
                cache[entry.past] = old.resized(listOf(1, old.dims[1], capacity, old.dims[3]))
            }
        }
        cache[names.length] = Tensor.of(longArrayOf(held.toLong()), 1)
        val ids = Tensor.of(tokens.map { it.toLong() }.toLongArray(), 1, tokens.size)
        val logits = Tensor.zeros(DType.float32, listOf(1, tokens.size, words))
        val presents = names.cache.associate { it.present to cache.getValue(it.past) }
        session.run(cache + carried + (names.tokens to ids), presents + (names.logits to logits))
        held += tokens.size
        val last = logits.floats().let { it.copyOfRange(it.size - words, it.size) }
        require(last.none { it.isNaN() || it == Float.POSITIVE_INFINITY }) {
            "${names.logits}: a NaN or infinity found; export the model again"
        }
        return last
    }
}

/** Return the next token. */
private fun choose(logits: FloatArray, options: GenerationOptions): Int {
    if (options.temperature == 0.0) return logits.indices.maxBy { logits[it] } // the first of a tie
    val ranked = logits.indices.sortedByDescending { logits[it] }.take(options.topK ?: Int.MAX_VALUE)
    val masses = ranked.map { exp((logits[it].toDouble() - logits[ranked[0]]) / options.temperature) }
    val total = masses.sum()
    val sums = masses.runningReduce(Double::plus).map { it / total }
    val kept = sums.indexOfFirst { it >= (options.topP ?: 2.0) }.let { if (it < 0) sums.size else it + 1 }
    val drawn = options.random.nextDouble() * sums[kept - 1]
    return ranked[sums.indexOfFirst { it > drawn }]
}
