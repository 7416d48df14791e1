package edgeattn

private val KEYS = arrayOf("schema", "name", "graphs", "symbols", "variants", "files", "golden", "budget", "provenance")
private val OPTIONAL = listOf("generation", "rows", "processing", "signature")
private val PATH = Regex("[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
private val HEX = Regex("[0-9a-f]{64}")
private val VERSION = Regex("[0-9]+(\\.[0-9]+)*")
private val OF_FILES = Regex("file|path|folder|dir", RegexOption.IGNORE_CASE) // in the name of an option

/** Read a manifest's text, refusing all that the specification does not name. */
internal fun readManifest(text: String): Manifest {
    val root = parse(text)
    val schema = root.table()["schema"]?.value // before all else: it says what the other keys mean
    val advice = if (schema is Long && schema > 2) "upgrade edgeattn" else "export again"
    require(schema == 2L) { "schema: $schema found, 2 expected; $advice" }
    val fields = root.record(*KEYS, optional = OPTIONAL)
    val manifest = Manifest(
        name = fields["name"].text(),
        graphs = fields["graphs"].table().mapValues { readGraph(it.value) },
        symbols = fields["symbols"].table().mapValues { readBounds(it.value) },
        generation = fields.optional("generation", ::readGeneration),
        rows = fields.optional("rows", ::readRows),
        processing = fields.optional("processing", ::readProcessing),
        variants = fields["variants"].list().map(::readVariant),
        files = fields["files"].table().mapValues { (path, field) -> readFile(path, field) },
        golden = fields["golden"].record("file", "samples").let { Golden(it["file"].text(), it["samples"].int(1)) },
        budget = fields["budget"].numbers(),
        provenance = fields["provenance"].table().mapValues { it.value.value },
        signature = fields.optional("signature", ::readSignature),
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
    return Graph(readTensors(fields["inputs"], optional = listOf("table_rows")), readTensors(fields["outputs"]))
}

private fun readTensors(field: Field, optional: List<String> = emptyList()): List<TensorSpec> {
    val tensors = field.list().map { item ->
        val fields = item.record("name", "dtype", "dims", optional = optional)
        val dtype = fields["dtype"].choice(DType.entries)
        val rows = fields.optional("table_rows") { if (dtype.isInteger) it.int(1) else throw it.refusal("an input of integers") }
        TensorSpec(fields["name"].text(), dtype, fields["dims"].list().map(::readDim), rows)
    }
    require(tensors.distinctBy { it.name }.size == tensors.size) {
        "${field.key}: two tensors of one name found, one expected"
    }
    return tensors
}

private fun readDim(field: Field): Dim = if (field.value is String) Dim.Symbol(field.text()) else Dim.Size(field.int(1))

private fun readBounds(field: Field): Bounds {
    val fields = field.record("min", "max")
    val min = fields["min"].int(0)
    // Beyond Java's arrays a bound bounds nothing.
    val max = fields["max"].orNull { it.integer(min.toLong()).coerceAtMost(Int.MAX_VALUE.toLong()).toInt() }
    return Bounds(min, max)
}

private fun readFile(path: String, field: Field): FileEntry {
    require(PATH.matches(path) && path != "manifest.json" && path != "manifest.sig") {
        "files: $path found, the path of another file inside the folder expected"
    }
    val fields = field.record("sha256", "size")
    return FileEntry(fields["sha256"].text(HEX, "64 lowercase hex digits"), fields["size"].integer(0))
}

private fun readSignature(field: Field): Signature {
    val fields = field.record("scheme", "key")
    fields["scheme"].text(Regex("ed25519"), "\"ed25519\"")
    return Signature(fields["key"].text(HEX, "64 lowercase hex digits"))
}

private fun readVariant(field: Field): Variant {
    val keys = arrayOf("target", "engine", "files", "sizes", "stacks", "tolerance", "scores", "verdict", "measured")
    val fields = field.record(*keys, optional = listOf("session"))
    return Variant(
        target = fields["target"].text(),
        engine = readEngine(fields["engine"]),
        files = fields["files"].table().mapValues { it.value.text() },
        sizes = readSizes(fields["sizes"]),
        session = fields.optional("session", ::readSession),
        stacks = fields["stacks"].list().map { item ->
            item.record("sizes", "rows").let { Variant.Stack(readSizes(it["sizes"]), it["rows"].int(1)) }
        },
        cosine = fields["tolerance"].record("cosine")["cosine"].number(),
        scores = fields["scores"].numbers(),
        verdict = fields["verdict"].choice(Variant.Verdict.entries),
        measured = fields["measured"].orNull { it.text() },
    )
}

private fun readSizes(field: Field): Map<String, Int> = field.table().mapValues { it.value.int(1) }

private fun readEngine(field: Field): Variant.Engine {
    val fields = field.record("name", "version", "providers", "options")
    val providers = fields["providers"].texts()
    if (providers.isEmpty()) throw fields["providers"].refusal("at least one")
    val version = fields["version"].text(VERSION, "a version such as \"1.23\"")
    return Variant.Engine(fields["name"].text(), version, providers, fields["options"].table().mapValues { (name, option) -> readOption(name, option) })
}

private fun readOption(name: String, field: Field): String {
    val option = field.option()
    if (OF_FILES.containsMatchIn(name) || '/' in option || '\\' in option) throw field.refusal("an option that leads to no file")
    return option
}

private fun readSession(field: Field): Variant.Session {
    val fields = field.record("threads", "spinning", "arena", "memory_pattern")
    return Variant.Session(
        threads = fields["threads"].int(1),
        spinning = fields["spinning"].flag(),
        arena = fields["arena"].flag(),
        memoryPattern = fields["memory_pattern"].flag(),
    )
}

private fun readRows(field: Field): Rows {
    val fields = field.record("batch", "padding")
    return Rows(fields["batch"].text(), fields["padding"].orNull { padding ->
        val of = padding.record("mask", "masked_out")
        if (of["masked_out"].int(0) > 1) throw of["masked_out"].refusal("0 or 1")
        Rows.Padding(of["mask"].text(), of["masked_out"].int(0))
    })
}

private fun readGeneration(field: Field): Generation {
    val keys = arrayOf("kind", "decoder", "tokens", "logits", "length", "cache", "positions")
    val encoderKeys = arrayOf("encoder", "sources", "carried")
    val kind = field.record(*keys, optional = encoderKeys.toList())["kind"]
    val paired = kind.text(Regex("decoder|encoder-decoder"), "\"decoder\" or \"encoder-decoder\"") == "encoder-decoder"
    val fields = if (paired) field.record(*keys, *encoderKeys) else field.record(*keys)
    fun names(key: String): List<String> {
        val names = fields.optional(key) { it.texts() } ?: return emptyList()
        if (names.isEmpty() || names.distinct() != names) throw fields[key].refusal("at least one name, each once")
        return names
    }
    val cache = fields["cache"].list()
    if (cache.isEmpty()) throw fields["cache"].refusal("at least one entry")
    return Generation(
        decoder = fields["decoder"].text(),
        encoder = fields.optional("encoder") { it.text() },
        sources = names("sources"),
        carried = names("carried"),
        tokens = fields["tokens"].text(),
        logits = fields["logits"].text(),
        length = fields["length"].text(),
        cache = cache.map { it.record("past", "present") }.map { Generation.Entry(it["past"].text(), it["present"].text()) },
        positions = fields["positions"].orNull { it.int(1) },
    )
}

private fun readProcessing(field: Field): Processing {
    val fields = field.record(optional = listOf("text", "image", "audio", "series", "labels"))
    if (fields.isEmpty) throw field.refusal("text, image, audio, series or labels")
    return Processing(
        fields.optional("text", ::readText),
        fields.optional("image", ::readImage),
        fields.optional("audio", ::readAudio),
        fields.optional("series", ::readSeries),
        fields.optional("labels", ::readLabels),
    )
}

private fun readText(field: Field): Processing.Text {
    val fields = field.record("tokenizer", "ids", "mask", "types", "longest")
    return Processing.Text(
        tokenizer = fields["tokenizer"].text(),
        ids = fields["ids"].text(),
        mask = fields["mask"].orNull { it.text() },
        types = fields["types"].orNull { it.text() },
        longest = fields["longest"].orNull { it.int(1) },
    )
}

private fun readImage(field: Field): Processing.Image {
    val fields = field.record("input", "height", "width", "channels", "layout", "resample", "scale", "mean", "std")
    val channels = fields["channels"].choice(Processing.Channels.entries)
    fun byChannel(key: String): List<Double> {
        val numbers = fields[key].list().map { it.number() }
        if (numbers.size != channels.name.length || (key == "std" && numbers.any { it <= 0 })) {
            throw fields[key].refusal("a number for each channel of $channels, of std above 0")
        }
        return numbers
    }
    return Processing.Image(
        input = fields["input"].text(),
        height = fields["height"].int(1),
        width = fields["width"].int(1),
        channels = channels,
        layout = fields["layout"].choice(Processing.Layout.entries),
        resample = fields["resample"].choice(Processing.Resample.entries),
        scale = fields["scale"].number(),
        mean = byChannel("mean"),
        std = byChannel("std"),
    )
}

private fun readAudio(field: Field): Processing.Audio {
    val fields = field.record("input", "rate", "channels", optional = listOf("log_mel"))
    val logMel = fields.optional("log_mel", ::readLogMel)
    val channels = fields["channels"].int(1)
    if (logMel != null && channels != 1) throw fields["channels"].refusal("1 channel for log-mel features")
    return Processing.Audio(fields["input"].text(), fields["rate"].int(1), channels, logMel)
}

private fun readLogMel(field: Field): Processing.LogMel {
    val fields = field.record("frame", "hop", "bands", "stack", "floor")
    val floor = fields["floor"].number()
    if (floor <= 0) throw fields["floor"].refusal("a number above 0")
    return Processing.LogMel(fields["frame"].int(2), fields["hop"].int(1), fields["bands"].int(1), fields["stack"].int(1), floor)
}

private fun readSeries(field: Field): Processing.Series {
    val fields = field.record("input", "output", "names", "mean", "std", "missing")
    val names = fields["names"].texts()
    if (names.isEmpty() || names.toSet().size < names.size) throw fields["names"].refusal("at least one, each once")
    fun bySeries(key: String): List<Double> {
        val numbers = fields[key].list().map { it.number() }
        if (numbers.size != names.size || (key == "std" && numbers.any { it <= 0 })) {
            throw fields[key].refusal("a number for each series, of std above 0")
        }
        return numbers
    }
    return Processing.Series(
        input = fields["input"].text(),
        output = fields["output"].orNull { it.text() },
        names = names,
        mean = bySeries("mean"),
        std = bySeries("std"),
        missing = fields["missing"].choice(Processing.Missing.entries),
    )
}

private fun readLabels(field: Field): Processing.Labels {
    val fields = field.record("output", "names")
    val names = fields["names"].texts()
    if (names.isEmpty()) throw fields["names"].refusal("at least one")
    return Processing.Labels(fields["output"].text(), names)
}
