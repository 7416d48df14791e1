package edgeattn

import kotlin.time.Duration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow

/** What a model continues: a decoder's tokens or text, or what an encoder reads. */
sealed interface Prompt {
    class Tokens(val tokens: List<Int>) : Prompt

    class Text(val text: String) : Prompt

    class Sources(val tensors: Map<String, Tensor>) : Prompt
}

/** @property code as edgeattn_early_stopping has it */
enum class EarlyStopping(internal val code: Int) { NO(0), YES(1), NEVER(2) }

/**
 * How tokens are chosen, and when to stop: docs/generation.md. What is null is as the bundle says, else what stands in brackets.
 *
 * @property stopStrings texts that end an answer in text
 * @property session keeps the cache of one prompt, for what continues it
 */
class GenerationOptions(
    // written by runtime/generation.py: kotlin_properties
    /** Token ids that begin an encoder-decoder's answer, at least one (none) */
    val start: List<Int>? = null,
    /** Token ids, each of which ends an answer and is no part of it (none) */
    val stop: List<Int>? = null,
    /** Several token ids in a row that end it (none) */
    val stopSequences: List<List<Int>> = emptyList(),
    /** The most new tokens (as many as there are positions) */
    val maxNewTokens: Int? = null,
    /** 1 to 8 sequences are continued together, the likeliest (1) */
    val numBeams: Int? = null,
    /** The most to return for each prompt, at most as many as there are beams (1) */
    val numReturnSequences: Int = 1,
    /** The power of the length in a score: above 0 favors long sequences (1) */
    val lengthPenalty: Double? = null,
    /** Whether as many ended sequences as beams end a search: true, false or never (false) */
    val earlyStopping: EarlyStopping? = null,
    /** Above 1 makes tokens that were there before less likely, below 1 more likely (1) */
    val repetitionPenalty: Double? = null,
    /** 0 takes the likeliest token, of a tie the lowest; above, tokens are drawn (0) */
    val temperature: Double? = null,
    /** Draws from this many of the likeliest tokens (all) */
    val topK: Int? = null,
    /** Draws from the fewest likeliest tokens that hold this share (all) */
    val topP: Double? = null,
    /** The same draws the same tokens, of prompt i those of seed + i (drawn anew) */
    val seed: UInt? = null,
    // written: end
    val stopStrings: List<String> = emptyList(),
    val deadline: Duration? = null,
    val session: GenerationSession? = null,
) {
    /** Returns the numbers that are given, by the names of edgeattn_generate_options; below 0, where -1 means none, is as wrong as 0. */
    internal fun numbers(): List<Pair<String, Double>> = listOf<Pair<String, Number?>>(
        // written by runtime/generation.py: kotlin_numbers
        "max_new_tokens" to maxNewTokens?.coerceAtLeast(0),
        "num_beams" to numBeams?.coerceAtLeast(0),
        "num_return_sequences" to numReturnSequences.coerceAtLeast(0),
        "length_penalty" to lengthPenalty,
        "early_stopping" to earlyStopping?.code,
        "repetition_penalty" to repetitionPenalty,
        "temperature" to temperature,
        "top_k" to topK?.coerceAtLeast(0),
        "top_p" to topP,
        "seed" to seed?.toLong(),
        // written: end
    ).mapNotNull { (name, number) -> number?.let { name to it.toDouble() } }
}

/**
 * Keeps the key-value cache of one text, such as a chat, for the next turn: a prompt that begins as what it holds is computed from
 * there on. It changes no answer but by the noise of int8. Calls that go on at the same time take turns in it.
 *
 * @param model a decoder alone
 */
class GenerationSession(model: Model) : AutoCloseable {
    internal val handle = Handle(model.handle.use { Native.newSession(it) }, "session", Native::freeSession)

    override fun close() = handle.close()
}

/** One answer. `text` is null where neither a prompt nor a stop was a text. */
class Answer(val tokens: List<Int>, val score: Double, val text: String?)

/**
 * Continues a prompt, and emits the new tokens as they come.
 *
 * It runs on a thread of its own once it is collected, waits where the collector is 64 tokens behind, and ends where the collector
 * does. What is wrong with the call is thrown in place of the first token.
 */
fun Model.generate(prompt: Prompt, options: GenerationOptions = GenerationOptions()): Flow<Int> = heard(prompt, options, TOKENS) { flow ->
    object : Native.Reader() {
        override fun token(token: Long) = flow.trySendBlocking(token.toInt()).isSuccess
    }
}

/** Continues a prompt, and emits the answer's text as it comes, in pieces of whole characters. */
fun Model.generateText(prompt: Prompt, options: GenerationOptions = GenerationOptions()): Flow<String> =
    heard(prompt, options, TEXT) { flow ->
        object : Native.Reader() {
            override fun text(piece: ByteArray) = flow.trySendBlocking(piece.decodeToString()).isSuccess
        }
    }

/**
 * Continues several prompts, each by its `numReturnSequences` best answers, the best first. Sources of several rows are as many prompts.
 */
suspend fun Model.answers(prompts: List<Prompt>, options: GenerationOptions = GenerationOptions()): List<List<Answer>> = blocking { cancellation ->
    val answers = mutableListOf<MutableList<Answer>>()
    generate(prompts, options, cancellation, NOTHING, object : Native.Reader() {
        override fun answer(prompt: Int, tokens: LongArray, score: Double, text: ByteArray?) {
            if (prompt == answers.size) answers += mutableListOf<Answer>()
            answers[prompt] += Answer(tokens.map { it.toInt() }, score, text?.decodeToString())
        }
    })
    answers
}

private const val NOTHING = 0
private const val TOKENS = 1
private const val TEXT = 2

private fun <Piece> Model.heard(
    prompt: Prompt, options: GenerationOptions, heard: Int, reader: (ProducerScope<Piece>) -> Native.Reader,
): Flow<Piece> = callbackFlow {
    val cancellation = Cancellation()
    threads.execute {
        val result = runCatching { cancellation.use { generate(listOf(prompt), options, it, heard, reader(this)) } }
        cancellation.close()
        close(result.exceptionOrNull())
    }
    awaitClose { cancellation.cancel() }
}

private fun Model.generate(
    prompts: List<Prompt>, options: GenerationOptions, cancellation: Long, heard: Int, reader: Native.Reader,
) = options.session.used { session ->
    handle.use { model ->
        val numbers = options.numbers()
        Native.generate(
            model,
            Array(prompts.size) { i -> (prompts[i] as? Prompt.Tokens)?.tokens.ids() },
            Array(prompts.size) { i -> (prompts[i] as? Prompt.Text)?.text?.utf8() },
            Array(prompts.size) { i -> (prompts[i] as? Prompt.Sources)?.tensors?.arrays() },
            options.start?.ids(), options.stop?.ids(),
            Array(options.stopSequences.size) { i -> options.stopSequences[i].ids() },
            Array(options.stopStrings.size) { i -> options.stopStrings[i].utf8() },
            Array(numbers.size) { i -> numbers[i].first.utf8() }, DoubleArray(numbers.size) { i -> numbers[i].second },
            session, options.deadline.milliseconds, cancellation, heard, reader,
        )
    }
}

private fun GenerationSession?.used(body: (Long) -> Unit) = if (this == null) body(0) else handle.use(body)

private fun List<Int>?.ids() = LongArray(this?.size ?: 0) { this!![it].toLong() }
