package edgeattn

import java.io.File

/**
 * How near one output of one golden sample came to PyTorch's. `error` is the root mean square of its numbers' errors, each in units
 * of its channel's spread; it and `maxAbs` are null where no number says it.
 */
data class GoldenResult(val sample: Int, val output: String, val error: Double?, val maxAbs: Double?, val ok: Boolean)

internal class GoldenReader : Native.Reader() {
    val results = mutableListOf<GoldenResult>()

    override fun golden(sample: Long, output: ByteArray, error: Double, maxAbs: Double, ok: Boolean) {
        val (known, difference) = listOf(error, maxAbs).map { number -> number.takeUnless { it.isNaN() } }
        results += GoldenResult(sample.toInt(), output.decodeToString(), known, difference, ok)
    }
}

/**
 * Loads a bundle, replays its golden vectors, and times it on their inputs, interleaved.
 *
 * @param threads numbers of intra-op threads to time; none takes what the bundle says
 * @param rounds counted calls for each sample and number of threads
 * @param warmup calls before them
 * @param kernels false times stock operators where kernels are built in
 * @return JSON, which `edgeattn report NAME.edge --add` reads
 */
suspend fun bench(
    bundle: File, target: String? = null, threads: List<Int> = emptyList(), rounds: Int = 100, warmup: Int = 10,
    kernels: Boolean = true,
): String = blocking {
    val counts = IntArray(threads.size) { threads[it].coerceAtLeast(0) }
    Native.bench(bundle.path.utf8(), target?.utf8(), counts, rounds, warmup, kernels).decodeToString()
}
