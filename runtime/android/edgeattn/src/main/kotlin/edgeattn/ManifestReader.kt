package edgeattn

private val OPTIONAL = listOf("generation", "rows", "processing", "signature")
private val PATH = Regex("[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
private val HEX = Regex("[0-9a-f]{64}")
private val VERSION = Regex("[0-9]+(\\.[0-9]+)*")

/** Read a manifest's text, refusing all that the specification does not name. */
internal fun readManifest(text: String): Manifest {
    val root = parse(text)
    val schema = root.table()["schema"]?.value // before all else: it says what the other keys mean
    require(schema == 2L) { "schema: $schema found, 2 expected; ${if (schema is Long && schema > 2) "upgrade edgeattn" else "export again"}" }
    val fields = root.record("schema", "name", "graphs", "symbols", "variants", "files", "golden", "budget", "provenance", optional = OPTIONAL)
    val manifest = Manifest(
        name = fields.getValue("name").text(),
        graphs = fields.getValue("graphs").table().mapValues { readGraph(it.value) },
        symbols = fields.getValue("symbols").table().mapValues { readBounds(it.value) },
        generation = fields["generation"]?.let(::readGeneration),
        rows = fields["rows"]?.let(::readRows),
        processing = fields["processing"]?.let(::readProcessing),
        variants = fields.getValue("variants").list().map(::readVariant),
        files = fields.getValue("files").table().mapValues { (path, field) -> readFile(path, field) },
        golden = fields.getValue("golden").record("file", "samples").let { Golden(it.getValue("file").text(), it.getValue("samples").int(1)) },
        budget = fields.getValue("budget").numbers(),
        provenance = fields.getValue("provenance").table().mapValues { it.value.value },
        signature = fields["signature"]?.let(::readSignature),
    )
    manifest.check()
    return manifest
}

private fun Field.int(least: Int): Int {
    val number = integer(least.toLong())
    return if (number <= Int.MAX_VALUE) number.toInt() else throw refusal("at most ${Int.MAX_VALUE}, as Java's arrays are")
}

private fun readGraph(field: Field): Graph {
    val fields = field.record("inputs", "outputs")
    return Graph(readTensors(fields.getValue("inputs")), readTensors(fields.getValue("outputs")))
}

private fun readTensors(field: Field): List<TensorSpec> {
    val tensors = field.list().map { item ->
        val fields = item.record("name", "dtype", "dims")
        TensorSpec(fields.getValue("name").text(), fields.getValue("dtype").choice(DType.entries), fields.getValue("dims").list().map(::readDim))
    }
    require(tensors.distinctBy { it.name }.size == tensors.size) { "${field.key}: two tensors of one name found, one expected" }
    return tensors
}

private fun readDim(field: Field): Dim = if (field.value is String) Dim.Symbol(field.text()) else Dim.Size(field.int(1))

private fun readBounds(field: Field): Bounds {
    val fields = field.record("min", "max")
    val min = fields.getValue("min").int(0)
    // Beyond Java's arrays a bound bounds nothing.
    val max = fields.getValue("max").orNull { it.integer(min.toLong()).coerceAtMost(Int.MAX_VALUE.toLong()).toInt() }
    return Bounds(min, max)
}

private fun readFile(path: String, field: Field): FileEntry {
    require(PATH.matches(path) && path != "manifest.json" && path != "manifest.sig") {
        "files: $path found, the path of another file inside the folder expected"
    }
    val fields = field.record("sha256", "size")
    return FileEntry(fields.getValue("sha256").text(HEX, "64 lowercase hex digits"), fields.getValue("size").integer(0))
}

private fun readSignature(field: Field): Signature {
    val fields = field.record("scheme", "key")
    fields.getValue("scheme").text(Regex("ed25519"), "\"ed25519\"")
    return Signature(fields.getValue("key").text(HEX, "64 lowercase hex digits"))
}

private fun readVariant(field: Field): Variant {
    val keys = arrayOf("target", "engine", "files", "sizes", "stacks", "tolerance", "scores", "verdict", "measured")
    val fields = field.record(*keys, optional = listOf("session"))
    return Variant(
        target = fields.getValue("target").text(),
        engine = readEngine(fields.getValue("engine")),
        files = fields.getValue("files").table().mapValues { it.value.text() },
        sizes = readSizes(fields.getValue("sizes")),
        session = fields["session"]?.let(::readSession),
        stacks = fields.getValue("stacks").list().map { item ->
            item.record("sizes", "rows").let { Variant.Stack(readSizes(it.getValue("sizes")), it.getValue("rows").int(1)) }
        },
        cosine = fields.getValue("tolerance").record("cosine").getValue("cosine").number(),
        scores = fields.getValue("scores").numbers(),
        verdict = fields.getValue("verdict").choice(Variant.Verdict.entries),
        measured = fields.getValue("measured").orNull { it.text() },
    )
}

private fun readSizes(field: Field): Map<String, Int> = field.table().mapValues { it.value.int(1) }

private fun readEngine(field: Field): Variant.Engine {
    val fields = field.record("name", "version", "providers", "options")
    val providers = fields.getValue("providers").texts()
    if (providers.isEmpty()) throw fields.getValue("providers").refusal("at least one")
    val version = fields.getValue("version").text(VERSION, "a version such as \"1.23\"")
    return Variant.Engine(fields.getValue("name").text(), version, providers, fields.getValue("options").table().mapValues { it.value.option() })
}

private fun readSession(field: Field): Variant.Session {
    val fields = field.record("threads", "spinning", "arena", "memory_pattern")
    return Variant.Session(
        threads = fields.getValue("threads").int(1),
        spinning = fields.getValue("spinning").flag(),
        arena = fields.getValue("arena").flag(),
        memoryPattern = fields.getValue("memory_pattern").flag(),
    )
}

private fun readRows(field: Field): Rows {
    val fields = field.record("batch", "padding")
    return Rows(fields.getValue("batch").text(), fields.getValue("padding").orNull { padding ->
        val of = padding.record("mask", "masked_out")
        if (of.getValue("masked_out").int(0) > 1) throw of.getValue("masked_out").refusal("0 or 1")
        Rows.Padding(of.getValue("mask").text(), of.getValue("masked_out").int(0))
    })
}

private fun readGeneration(field: Field): Generation {
    val keys = arrayOf("kind", "decoder", "tokens", "logits", "length", "cache", "positions")
    val encoderKeys = arrayOf("encoder", "sources", "carried")
    val kind = field.record(*keys, optional = encoderKeys.toList()).getValue("kind")
    val paired = kind.text(Regex("decoder|encoder-decoder"), "\"decoder\" or \"encoder-decoder\"") == "encoder-decoder"
    val fields = if (paired) field.record(*keys, *encoderKeys) else field.record(*keys)
    fun names(key: String): List<String> {
        val names = fields[key]?.texts() ?: return emptyList()
        if (names.isEmpty() || names.distinct() != names) throw fields.getValue(key).refusal("at least one name, each once")
        return names
    }
    val cache = fields.getValue("cache").list()
    if (cache.isEmpty()) throw fields.getValue("cache").refusal("at least one entry")
    return Generation(
        decoder = fields.getValue("decoder").text(),
        encoder = fields["encoder"]?.text(),
        sources = names("sources"),
        carried = names("carried"),
        tokens = fields.getValue("tokens").text(),
        logits = fields.getValue("logits").text(),
        length = fields.getValue("length").text(),
        cache = cache.map { entry -> entry.record("past", "present").let { Generation.Entry(it.getValue("past").text(), it.getValue("present").text()) } },
        positions = fields.getValue("positions").orNull { it.int(1) },
    )
}

private fun readProcessing(field: Field): Processing {
    val fields = field.record(optional = listOf("text", "image", "audio", "labels"))
    if (fields.isEmpty()) throw field.refusal("text, image, audio or labels")
    return Processing(fields["text"]?.let(::readText), fields["image"]?.let(::readImage), fields["audio"]?.let(::readAudio), fields["labels"]?.let(::readLabels))
}

private fun readText(field: Field): Processing.Text {
    val fields = field.record("tokenizer", "ids", "mask", "types", "longest")
    return Processing.Text(
        tokenizer = fields.getValue("tokenizer").text(),
        ids = fields.getValue("ids").text(),
        mask = fields.getValue("mask").orNull { it.text() },
        types = fields.getValue("types").orNull { it.text() },
        longest = fields.getValue("longest").orNull { it.int(1) },
    )
}

private fun readImage(field: Field): Processing.Image {
    val fields = field.record("input", "height", "width", "channels", "layout", "resample", "scale", "mean", "std")
    val channels = fields.getValue("channels").choice(Processing.Channels.entries)
    fun byChannel(key: String): List<Double> {
        val numbers = fields.getValue(key).list().map { it.number() }
        if (numbers.size != channels.name.length || (key == "std" && numbers.any { it <= 0 })) {
            throw fields.getValue(key).refusal("a number for each channel of $channels, of std above 0")
        }
        return numbers
    }
    return Processing.Image(
        input = fields.getValue("input").text(),
        height = fields.getValue("height").int(1),
        width = fields.getValue("width").int(1),
        channels = channels,
        layout = fields.getValue("layout").choice(Processing.Layout.entries),
        resample = fields.getValue("resample").choice(Processing.Resample.entries),
        scale = fields.getValue("scale").number(),
        mean = byChannel("mean"),
        std = byChannel("std"),
    )
}

private fun readAudio(field: Field): Processing.Audio {
    val fields = field.record("input", "rate", "channels")
    return Processing.Audio(fields.getValue("input").text(), fields.getValue("rate").int(1), fields.getValue("channels").int(1))
}

private fun readLabels(field: Field): Processing.Labels {
    val fields = field.record("output", "names")
    val names = fields.getValue("names").texts()
    if (names.isEmpty()) throw fields.getValue("names").refusal("at least one")
    return Processing.Labels(fields.getValue("output").text(), names)
}
