package edgeattn

import java.io.File

/**
 * A bundle opened once, then called with tensors, from any thread.
 *
 *     val model = Model.load(File(context.filesDir, "sentence.edge"))
 *     val embedding = model.run(mapOf("input_ids" to ids, "attention_mask" to mask)).getValue("embedding").floats()
 */
class Model private constructor(internal val files: BundleFiles, runnable: List<Variant>, threads: Int?) : AutoCloseable {
    /** All that the bundle says of itself. */
    val manifest: Manifest = files.manifest

    internal val settings = runnable[0].settings(threads)
    private val opened = mutableListOf<GraphSession>()
    internal val graphs: Map<String, Buckets>
    internal lateinit var decoder: GraphSession

    init {
        try {
            graphs = manifest.graphs.mapValues { (name, graph) ->
                val variants = reached(runnable, graph)
                val sessions = variants.map { variant ->
                    val file = files.path(variant.files.getValue(name))
                    GraphSession(file, graph, variant.engine, variant.settings(threads)).also { opened += it }
                }
                if (name == manifest.generation?.decoder) decoder = sessions[0]
                Buckets(graph, manifest.rows.takeIf { name == manifest.mainGraph }, variants, sessions.map { it::run })
            }
        } catch (error: EdgeAttnError) {
            close()
            throw error
        }
    }

    /** Let go of the engine's memory; the model is not called again. */
    override fun close() = opened.forEach { it.close() }

    /** What it takes and gives, in one line. */
    fun describe(): String =
        "${manifest.name}: ${manifest.main.inputs.joinToString()} -> ${manifest.main.outputs.joinToString()}"

    /**
     * Run a graph, the main one where none is named.
     *
     * A decoder called without any of its cache begins with an empty one, of length 0.
     *
     * @throws InputError where the inputs do not keep the contract.
     * @throws BundleError where the graph fails on them.
     */
    fun run(inputs: Map<String, Tensor>, graph: String = manifest.mainGraph): Map<String, Tensor> {
        val buckets = graphs[graph] ?: throw InputError("${manifest.name}: no graph $graph; it has ${graphs.keys}")
        val generation = manifest.generation
        val whole = if (generation != null && graph == generation.decoder) {
            withCache(inputs, generation, buckets.graph)
        } else {
            inputs.also { buckets.graph.check(it, manifest.symbols) }
        }
        manifest.checkTokenIds(inputs)
        return buckets.answer(whole)
    }

    private fun withCache(inputs: Map<String, Tensor>, names: Generation, graph: Graph): Map<String, Tensor> {
        if (names.memory.any { it in inputs }) {
            graph.check(inputs, manifest.symbols)
            val capacity = inputs.getValue(names.cache[0].past).dims[2]
            val new = inputs.getValue(names.tokens).dims[1]
            val held = inputs.getValue(names.length).longs()[0]
            requireInput(held in 0..capacity - new) {
                "${names.length}: $held tokens found before $new new ones in a cache with room for $capacity; give a larger cache"
            }
            return inputs
        }
        graph.check(inputs, manifest.symbols, names.memory)
        val (batch, sequence) = inputs.getValue(names.tokens).dims
        return inputs + names.emptyCache(graph, batch, sequence)
    }

    companion object {
        /**
         * Open a bundle, check it whole, and make its graphs ready to be called.
         *
         * @param bundle the folder, such as `sentence.edge`; copy it out of an app's assets first.
         * @param target the variants of this target alone, such as "cpu".
         * @param threads intra-op threads; null takes what the variant says, but no more than there are cores.
         */
        fun load(bundle: File, target: String? = null, threads: Int? = null): Model {
            requireInput(threads == null || threads >= 1) { "$threads threads found, at least 1 expected" }
            val files = BundleFiles(bundle)
            return Model(files, files.manifest.runnable(target), threads)
        }
    }
}

private fun Variant.settings(threads: Int?): Variant.Session {
    val settings = session ?: Variant.Session()
    return settings.copy(threads = threads ?: minOf(settings.threads, Runtime.getRuntime().availableProcessors()))
}

/** Return a cache that holds nothing, with room for [capacity] tokens. */
internal fun Generation.emptyCache(decoder: Graph, batch: Int, capacity: Int): Map<String, Tensor> {
    val pasts = decoder.inputs.filter { spec -> cache.any { it.past == spec.name } }
    return mapOf(length to Tensor.zeros(DType.int64, listOf(1))) + pasts.associate { spec ->
        spec.name to Tensor.zeros(DType.float32, listOf(batch, spec.dims[1].size!!, capacity, spec.dims[3].size!!))
    }
}
