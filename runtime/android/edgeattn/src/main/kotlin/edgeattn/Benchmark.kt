package edgeattn

import com.google.gson.FieldNamingPolicy
import com.google.gson.GsonBuilder
import java.io.File

/** What a bundle costs on this device, and whether it answers right here: `edgeattn report NAME.edge --add` reads its JSON. */
class Benchmark internal constructor(
    val model: String,
    val target: String,
    val graphs: Map<String, String>,
    val machine: Machine,
    val loadMs: Double,
    val peakMemoryMb: Double?,
    val golden: List<GoldenResult>,
    val runs: List<Run>,
) {
    val schema = 1

    class Run(val threads: Int, val timings: List<Timing>)

    class Timing(val sample: Int, val shape: Map<String, Int>, val latencyMs: Latency)

    /** Percentiles of one call's time in milliseconds. */
    class Latency(val p50: Double, val p90: Double, val p99: Double, val count: Int)

    fun json(): String = GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping()
        .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES).create().toJson(this)
}

/**
 * Load a bundle, replay its golden vectors, and time it on their inputs, interleaved.
 *
 * @param threads numbers of intra-op threads to sweep; none takes what the bundle says.
 * @param rounds counted calls for each sample and number of threads.
 * @param warmup calls before them.
 */
fun bench(
    bundle: File, target: String? = null, threads: List<Int> = emptyList(), rounds: Int = 100, warmup: Int = 10,
): Benchmark {
    requireInput(rounds >= 1 && warmup >= 0) {
        "$rounds rounds after $warmup found, at least 1 after at least 0 expected"
    }
    val start = System.nanoTime()
    Model.load(bundle, target, threads.firstOrNull()).use { model ->
        val loadMs = (System.nanoTime() - start) / 1e6
        val golden = model.check()
        val first = model.timed(rounds, warmup)
        val peak = peakMemory()
        val others = threads.drop(1).map { count -> Model.load(bundle, target, count).use { it.timed(rounds, warmup) } }
        val variants = model.graphs.getValue(model.manifest.mainGraph).variants
        val files = variants.flatMap { it.files.values }.distinct().sorted()
        return Benchmark(
            model = model.manifest.name,
            target = variants[0].target,
            graphs = files.associateWith { model.manifest.files.getValue(it).sha256 },
            machine = Machine.here(),
            loadMs = loadMs,
            peakMemoryMb = peak,
            golden = golden,
            runs = listOf(first) + others,
        )
    }
}

private fun Model.timed(rounds: Int, warmup: Int): Benchmark.Run {
    val samples = readGolden(files)
    val times = samples.map { mutableListOf<Double>() }
    for (turn in -warmup until rounds) {
        for (i in samples.indices) { // in another order each turn, so that none always runs behind the same
            val place = (i + maxOf(turn, 0)) % samples.size
            val start = System.nanoTime()
            run(samples[place].inputs)
            if (turn >= 0) times[place] += (System.nanoTime() - start) / 1e6
        }
    }
    val timings = samples.mapIndexed { i, sample ->
        Benchmark.Timing(i, manifest.main.sizes(sample.inputs), percentiles(times[i]))
    }
    return Benchmark.Run(settings.threads, timings)
}

private fun percentiles(times: List<Double>): Benchmark.Latency {
    val sorted = times.sorted()
    fun at(share: Double): Double {
        val place = share * (sorted.size - 1)
        val low = place.toInt()
        return sorted[low] + (place - low) * (sorted[minOf(low + 1, sorted.size - 1)] - sorted[low])
    }
    return Benchmark.Latency(at(0.5), at(0.9), at(0.99), times.size)
}
