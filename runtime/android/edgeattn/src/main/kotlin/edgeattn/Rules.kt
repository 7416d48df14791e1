package edgeattn

/** Check what a manifest must keep beyond its keys and their kinds: that what it names is there, and fits. */
internal fun Manifest.check() {
    require(graphs.size == 1 || "model" in graphs) {
        "graphs: ${graphs.keys.joinToString()} found, one named model expected"
    }
    require(golden.file in files) { "golden.file: ${golden.file} is not in files; list it there" }
    for ((name, graph) in graphs) {
        for (tensor in graph.inputs + graph.outputs) {
            val strange = symbols(tensor.dims).firstOrNull { it !in symbols }
            require(strange == null) { "graphs.$name: ${tensor.name} has a dim $strange that is not in symbols" }
        }
    }
    generation?.let { check(it) }
    rows?.let { check(it) }
    processing?.let { check(it) }
    require(variants.isNotEmpty()) { "variants: none found, at least one expected" }
    variants.forEachIndexed { i, variant -> check(variant, "variants[$i]") }
}

private fun Manifest.check(variant: Variant, key: String) {
    require(variant.files.keys == graphs.keys) {
        "$key.files: ${variant.files.keys} found, ${graphs.keys} expected: one file for each graph"
    }
    val strange = variant.files.values.firstOrNull { it !in files }
    require(strange == null) { "$key.files: $strange is not in files; list it with sha256 and size" }
    for ((symbol, size) in variant.sizes) {
        require(symbols[symbol]?.allows(size) == true) {
            "$key.sizes.$symbol: $size found, a size of a symbol expected"
        }
    }
    require(rows != null || variant.stacks.isEmpty()) { "$key.stacks: some found, none expected without rows" }
    for (stack in variant.stacks) {
        val known = symbols(main.inputs.flatMap { it.dims.drop(1) }).toSet()
        require(stack.sizes.keys == known) {
            "$key.stacks: sizes of ${stack.sizes.keys} found, $known expected as in the inputs"
        }
        val bounds = symbols.getValue(rows!!.batch)
        require(bounds.allows(stack.rows)) { "$key.stacks: ${stack.rows} rows found, $bounds expected as in symbols" }
    }
}

private fun Manifest.check(rows: Rows) {
    val batch = Dim.Symbol(rows.batch)
    for (tensor in main.inputs + main.outputs) {
        val leads = tensor.dims.firstOrNull() == batch && tensor.dims.count { it == batch } == 1
        require(leads) { "rows.batch: $tensor found, $batch expected to lead it and no more" }
    }
    val strange = symbols(main.outputs.flatMap { it.dims }) - symbols(main.inputs.flatMap { it.dims }).toSet()
    require(strange.isEmpty()) {
        "rows: an output with a dim ${strange.first()} found, a symbol of the inputs expected"
    }
    require(symbols[rows.batch]?.min == 1) {
        "symbols.${rows.batch}.min: ${symbols[rows.batch]} found, 1 expected by rows"
    }
    rows.padding?.let { padding ->
        val mask = main.inputs.firstOrNull { it.name == padding.mask }
        require(mask?.dims?.size == 2 && mask.dims[1].symbol != null) {
            "rows.padding.mask: ${padding.mask} found, an input [batch, symbol] expected"
        }
    }
}

private fun Manifest.check(names: Generation) {
    val decoder = graphs[names.decoder] ?: throw BundleError("generation.decoder: ${names.decoder} is not in graphs")
    val taken = listOf(names.tokens) + names.memory + names.carried
    require(decoder.inputs.map { it.name }.sorted() == taken.sorted()) {
        "generation.decoder: a graph that takes $taken expected"
    }
    val (batch, sequence) = find(names.tokens, decoder.inputs, DType.int64, null, null).dims
    require(batch.symbol != null && sequence.symbol != null) { "generation.tokens: two symbols expected as dims" }
    val logits = find(names.logits, decoder.outputs, DType.float32, batch, sequence, null)
    require(logits.dims[2].size != null) { "generation.logits: $logits found, a size expected last" }
    find(names.length, decoder.inputs, DType.int64, Dim.Size(1))
    for (entry in names.cache) {
        val past = find(entry.past, decoder.inputs, DType.float32, batch, null, Dim.Symbol("capacity"), null)
        require(past.dims[1].size != null && past.dims[3].size != null) {
            "generation.cache: $past found, sizes expected as 2nd and 4th dim"
        }
        find(entry.present, decoder.outputs, DType.float32, *past.dims.toTypedArray())
    }
    require(names.cache.distinctBy { it.present }.size == names.cache.size) {
        "generation.cache: an output continues two entries"
    }
    if (names.encoder != null) {
        val encoder = graphs[names.encoder] ?: throw BundleError("generation.encoder: ${names.encoder} is not in graphs")
        require(encoder.inputs.map { it.name }.sorted() == names.sources.sorted()) {
            "generation.sources: ${names.sources} found, each input of the encoder expected"
        }
        for (name in names.carried) {
            val carried = decoder.inputs.first { it.name == name }
            find(name, encoder.outputs, carried.dtype, *carried.dims.toTypedArray())
        }
    }
    for ((symbol, most) in listOf(batch to 1, sequence to names.positions, Dim.Symbol("capacity") to names.positions)) {
        val bounds = symbols.getValue(symbol.symbol!!)
        val reaches = bounds.max == null || (most != null && bounds.max >= most)
        require(bounds.min <= 1 && reaches) {
            "symbols.$symbol: $bounds found, 1 to ${most ?: "any"} expected by generation"
        }
    }
}

/** Return the tensor of that name; null as a dim is any. */
private fun find(name: String, tensors: List<TensorSpec>, dtype: DType, vararg dims: Dim?): TensorSpec {
    val tensor = tensors.firstOrNull { it.name == name }
        ?: throw BundleError("generation: the graph has no $name, only $tensors")
    val isOfDims = tensor.dims.size == dims.size && tensor.dims.zip(dims).all { (found, dim) -> dim == null || found == dim }
    require(tensor.dtype == dtype && isOfDims) {
        "generation: $tensor found, $dtype${dims.map { it ?: "any" }} expected"
    }
    return tensor
}

private fun Manifest.check(processing: Processing) {
    val called = listOfNotNull(mainGraph, generation?.decoder, generation?.encoder).map { graphs.getValue(it) }
    fun check(name: String, dims: Int, takes: (DType) -> Boolean) {
        val input = called.flatMap { it.inputs }.lastOrNull { it.name == name }
        require(input != null && takes(input.dtype) && input.dims.size == dims) {
            "processing: ${input ?: name} found, another input of $dims dims expected"
        }
    }
    processing.text?.let { text ->
        require(text.tokenizer in files) {
            "processing.text.tokenizer: ${text.tokenizer} is not in files; list it there"
        }
        check(text.ids, 2) { it.isInteger }
        listOfNotNull(text.mask, text.types).forEach { name -> check(name, 2) { true } }
    }
    processing.image?.let { image -> check(image.input, 4) { it == DType.float32 } }
    processing.audio?.let { audio ->
        check(audio.input, if (audio.channels == 1 && audio.logMel == null) 2 else 3) { it == DType.float32 }
        audio.logMel?.let { features ->
            val size = called.flatMap { it.inputs }.last { it.name == audio.input }.dims.last().size
            require(size == features.bands * features.stack) {
                "processing.audio.log_mel: ${features.bands * features.stack} numbers a token found, $size expected"
            }
        }
    }
    processing.series?.let { series ->
        check(series.input, 3) { it == DType.float32 }
        val tensors = called.flatMap { it.inputs }.filter { it.name == series.input } +
            called.flatMap { it.outputs }.filter { it.name == series.output }
        val fits = tensors.all { it.dtype == DType.float32 && it.dims.size == 3 && it.dims[1].size == series.names.size }
        require(fits && (series.output == null || called.any { graph -> graph.outputs.any { it.name == series.output } })) {
            "processing.series: $tensors found, float32 [batch, ${series.names.size}, time] expected"
        }
    }
    processing.labels?.let { labels ->
        val output = called.flatMap { it.outputs }.lastOrNull { it.name == labels.output }
        val fits = output?.dtype == DType.float32 && output.dims.lastOrNull()?.size == labels.names.size
        require(fits) {
            "processing.labels: ${output ?: labels.output} found, float32 with ${labels.names.size} places last expected"
        }
    }
}
