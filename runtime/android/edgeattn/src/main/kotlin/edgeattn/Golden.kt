package edgeattn

import kotlin.math.abs
import kotlin.math.sqrt

/** How near one output of one golden sample came; [maxAbs] is null where no number says it. */
data class GoldenResult(val sample: Int, val output: String, val cosine: Double, val maxAbs: Double?, val ok: Boolean)

internal class Sample(val inputs: Map<String, Tensor>, val outputs: Map<String, Tensor>)

/**
 * Replay the golden vectors, PyTorch's answers for real inputs, each at the tolerance of the variant that answers.
 *
 * @throws BundleError where they are not what the manifest says.
 */
fun Model.check(): List<GoldenResult> {
    val main = graphs.getValue(manifest.mainGraph)
    return readGolden(files).flatMapIndexed { index, sample ->
        val answers = run(sample.inputs)
        val tolerance = main.variants[main.fitting(main.graph.sizes(sample.inputs))].cosine
        main.graph.outputs.map { spec ->
            val (cosine, difference) = compare(answers.getValue(spec.name), sample.outputs.getValue(spec.name))
            GoldenResult(index, spec.name, cosine, difference, cosine >= tolerance)
        }
    }
}

internal fun readGolden(files: BundleFiles): List<Sample> {
    val manifest = files.manifest
    val path = files.path(manifest.golden.file)
    val tensors = readSafetensors(path).toMutableMap()
    fun take(index: Int, kind: String, specs: List<TensorSpec>) = specs.associate { spec ->
        val key = "$index.$kind.${spec.name}"
        spec.name to (tensors.remove(key) ?: throw BundleError("$path: tensor $key missing; export the model again"))
    }
    val samples = List(manifest.golden.samples) { i ->
        Sample(take(i, "input", manifest.main.inputs), take(i, "output", manifest.main.outputs))
    }
    require(tensors.isEmpty()) {
        "$path: tensor ${tensors.keys.min()} found, which no sample has; export the model again"
    }
    return samples
}

/** Return the cosine of two tensors, and their largest difference: null for other shapes, or a NaN or infinity not shared. */
fun compare(a: Tensor, b: Tensor): Pair<Double, Double?> {
    if (a.dims != b.dims) return 0.0 to null
    val pairs = List(a.count) { a.double(it) to b.double(it) }
    val (finite, others) = pairs.partition { (x, y) -> x.isFinite() && y.isFinite() }
    if (others.any { (x, y) -> x.compareTo(y) != 0 }) return 0.0 to null
    val difference = (finite.maxOfOrNull { (x, y) -> abs(x - y) } ?: 0.0).takeIf { it.isFinite() }
    // Divided first: the squares of very large or small values leave float64's range.
    val largest = (finite.maxOfOrNull { abs(it.first) } ?: 0.0) to (finite.maxOfOrNull { abs(it.second) } ?: 0.0)
    if (largest.first == 0.0 || largest.second == 0.0) return (if (largest.first == largest.second) 1.0 else 0.0) to difference
    val units = finite.map { (x, y) -> x / largest.first to y / largest.second }
    val product = units.sumOf { (x, y) -> x * y }
    val lengths = sqrt(units.sumOf { it.first * it.first }) * sqrt(units.sumOf { it.second * it.second })
    return (product / lengths).coerceIn(-1.0, 1.0) to difference
}
