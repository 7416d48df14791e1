package edgeattn

import kotlin.time.Duration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
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
 * @property start tokens that an encoder-decoder's answer begins with
 * @property maxNewTokens (as many as there are positions)
 * @property temperature 0 is greedy: the likeliest token, of a tie the lowest (0)
 * @property topK (all)
 * @property topP (all)
 * @property repetitionPenalty (1)
 * @property seed null draws anew each time
 * @property stop tokens, each of which ends the answer (none)
 * @property numBeams (1)
 * @property lengthPenalty (1)
 * @property earlyStopping (NO)
 * @property session keeps the cache of one prompt, for what continues it
 */
class GenerationOptions(
    val start: List<Int>? = null,
    val maxNewTokens: Int? = null,
    val temperature: Double? = null,
    val topK: Int? = null,
    val topP: Double? = null,
    val repetitionPenalty: Double? = null,
    val seed: UInt? = null,
    val stop: List<Int>? = null,
    val stopSequences: List<List<Int>> = emptyList(),
    val stopStrings: List<String> = emptyList(),
    val numBeams: Int? = null,
    val numReturnSequences: Int = 1,
    val lengthPenalty: Double? = null,
    val earlyStopping: EarlyStopping? = null,
    val deadline: Duration? = null,
    val session: GenerationSession? = null,
) {
    /** Returns the numbers that are given, by the names of edgeattn_generate_options; below 0, where -1 means none, is as wrong as 0. */
    internal fun numbers(): List<Pair<String, Double>> = listOf<Pair<String, Number?>>(
        "max_new_tokens" to maxNewTokens?.coerceAtLeast(0),
        "temperature" to temperature,
        "top_k" to topK?.coerceAtLeast(0),
        "top_p" to topP?.coerceAtLeast(0.0),
        "repetition_penalty" to repetitionPenalty,
        "seed" to seed?.toLong(),
        "num_beams" to numBeams?.coerceAtLeast(0),
        "num_return_sequences" to numReturnSequences,
        "length_penalty" to lengthPenalty,
        "early_stopping" to earlyStopping?.code,
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
 * It runs on a thread of its own once it is collected, and ends where the collector does. What is wrong with the call is thrown in
 * place of the first token.
 */
fun Model.generate(prompt: Prompt, options: GenerationOptions = GenerationOptions()): Flow<Int> = heard(prompt, options, TOKENS) { flow ->
    object : Native.Reader() {
        override fun token(token: Long) = flow.trySend(token.toInt()).isSuccess
    }
}

/** Continues a prompt, and emits the answer's text as it comes, in pieces of whole characters. */
fun Model.generateText(prompt: Prompt, options: GenerationOptions = GenerationOptions()): Flow<String> =
    heard(prompt, options, TEXT) { flow ->
        object : Native.Reader() {
            override fun text(piece: ByteArray) = flow.trySend(piece.decodeToString()).isSuccess
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
}.buffer(Channel.UNLIMITED)

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
