package edgeattn

/** All that manifest.json says; runtime/README.md specifies it. */
data class Manifest(
    val name: String,
    val graphs: Map<String, Graph>,
    val symbols: Map<String, Bounds>,
    val generation: Generation?,
    val rows: Rows?,
    val processing: Processing?,
    val variants: List<Variant>,
    val files: Map<String, FileEntry>,
    val golden: Golden,
    val budget: Map<String, Double>,
    val provenance: Map<String, Any?>,
    val signature: Signature?,
) {
    /** The name of the graph that an app calls and that the golden vectors prove. */
    val mainGraph: String get() = if ("model" in graphs) "model" else graphs.keys.first()
    internal val main: Graph get() = graphs.getValue(mainGraph)
}

data class FileEntry(val sha256: String, val size: Long)

data class Golden(val file: String, val samples: Int)

data class Signature(val key: String)

/** One way to run the bundle. */
data class Variant(
    val target: String,
    val engine: Engine,
    val files: Map<String, String>,
    val sizes: Map<String, Int>,
    val session: Session?,
    val stacks: List<Stack>,
    val cosine: Double,
    val scores: Map<String, Double>,
    val verdict: Verdict,
    val measured: String?,
) {
    @Suppress("EnumEntryName")
    enum class Verdict { pass, fail }

    data class Engine(val name: String, val version: String, val providers: List<String>, val options: Map<String, String>)

    data class Session(
        val threads: Int = 1, val spinning: Boolean = false, val arena: Boolean = true, val memoryPattern: Boolean = true,
    )

    data class Stack(val sizes: Map<String, Int>, val rows: Int)
}

/** Rows of the main graph are independent: each is answered the same alone, and without its padding. */
data class Rows(val batch: String, val padding: Padding?) {
    data class Padding(val mask: String, val maskedOut: Int)

    /** The symbol of the positions that may be padded. */
    internal fun sequence(graph: Graph): String? =
        padding?.let { padding -> graph.inputs.first { it.name == padding.mask }.dims[1].symbol }
}

/** How a bundle generates: names of graphs, and of their inputs and outputs. */
data class Generation(
    val decoder: String,
    val encoder: String?,
    val sources: List<String>,
    val carried: List<String>,
    val tokens: String,
    val logits: String,
    val length: String,
    val cache: List<Entry>,
    val positions: Int?,
) {
    data class Entry(val past: String, val present: String)

    /** The decoder's inputs that stand for the tokens before. */
    internal val memory: List<String> get() = listOf(length) + cache.map { it.past }
}

/** What stands between an app's data and the arrays of a call. */
data class Processing(val text: Text?, val image: Image?, val audio: Audio?, val series: Series?, val labels: Labels?) {
    data class Text(val tokenizer: String, val ids: String, val mask: String?, val types: String?, val longest: Int?)

    data class Image(
        val input: String,
        val height: Int,
        val width: Int,
        val channels: Channels,
        val layout: Layout,
        val resample: Resample,
        val scale: Double,
        val mean: List<Double>,
        val std: List<Double>,
    )

    enum class Channels { RGB, BGR, L }

    enum class Layout { NCHW, NHWC }

    @Suppress("EnumEntryName")
    enum class Resample { nearest, bilinear, bicubic }

    data class Audio(val input: String, val rate: Int, val channels: Int, val logMel: LogMel?)

    /** Features in place of samples; see the specification. */
    data class LogMel(val frame: Int, val hop: Int, val bands: Int, val stack: Int, val floor: Double)

    data class Series(
        val input: String,
        val output: String?,
        val names: List<String>,
        val mean: List<Double>,
        val std: List<Double>,
        val missing: Missing,
    )

    @Suppress("EnumEntryName")
    enum class Missing { refuse, hold }

    data class Labels(val output: String, val names: List<String>)
}
