package edgeattn

/** One graph in several fixed sizes: each call goes to the first variant that it fits, padded where it may be. */
internal class Buckets(
    val graph: Graph,
    private val rows: Rows?,
    val variants: List<Variant>,
    private val run: List<(Map<String, Tensor>) -> Map<String, Tensor>>,
) {
    private val sequence = rows?.sequence(graph)

    /** Return which variant answers a call of these sizes, by symbol. */
    fun fitting(sizes: Map<String, Int>): Int {
        val index = variants.indexOfFirst { variant ->
            sizes.all { (symbol, size) ->
                val fixed = variant.sizes[symbol] ?: return@all true
                size == fixed || symbol == rows?.batch || (symbol == sequence && size < fixed)
            }
        }
        requireInput(index >= 0) {
            "inputs of $sizes found, sizes of a variant expected: ${variants.joinToString(" or ") { "${it.sizes}" }}"
        }
        return index
    }

    /** Answer tensors that keep the contract, in their own sizes. */
    fun answer(inputs: Map<String, Tensor>): Map<String, Tensor> {
        val sizes = graph.sizes(inputs)
        val index = fitting(sizes)
        val fixed = variants[index].sizes.filterKeys { it in sizes }
        if (fixed.all { (symbol, size) -> sizes[symbol] == size }) return run[index](inputs)
        return cut(runRows(run[index], pad(inputs, fixed[sequence]), fixed[rows?.batch], sizes), sizes)
    }

    /** What stands in padding changes no answer, but for the mask that tells it. */
    private fun pad(inputs: Map<String, Tensor>, length: Int?): Map<String, Tensor> {
        val padding = rows?.padding
        if (length == null || padding == null) return inputs
        return graph.inputs.associate { spec ->
            val tensor = inputs.getValue(spec.name)
            val dims = tensor.dims.zip(spec.dims) { size, dim -> if (dim.symbol == sequence) length else size }
            spec.name to tensor.resized(dims, if (spec.name == padding.mask) padding.maskedOut else 0)
        }
    }

    /** Run as many rows at a time as the variant takes; its last call is filled up with the last row. */
    private fun runRows(
        run: (Map<String, Tensor>) -> Map<String, Tensor>, inputs: Map<String, Tensor>, count: Int?, sizes: Map<String, Int>,
    ): Map<String, Tensor> {
        if (count == null) return run(inputs)
        requireInput(count <= 1 shl 16) { "a variant of $count rows at once found, fewer expected; use another target" }
        val all = sizes.getValue(rows!!.batch)
        val answers = (0 until all step count).map { start ->
            run(inputs.mapValues { it.value.rows((start until start + count).map { row -> minOf(row, all - 1) }) })
        }
        return answers[0].mapValues { (name, _) -> Tensor.joined(answers.map { it.getValue(name) }) }
    }

    private fun cut(outputs: Map<String, Tensor>, sizes: Map<String, Int>) = graph.outputs.associate { spec ->
        val tensor = outputs.getValue(spec.name)
        val dims = tensor.dims.zip(spec.dims) { size, dim ->
            dim.symbol.takeIf { it == rows?.batch || it == sequence }?.let { sizes.getValue(it) } ?: size
        }
        spec.name to tensor.resized(dims)
    }
}

/** Return the variants that calls of a graph can reach: up to the first that fixes none of its sizes. */
internal fun reached(variants: List<Variant>, graph: Graph): List<Variant> {
    val known = symbols(graph.inputs.flatMap { it.dims })
    val free = variants.indexOfFirst { variant -> variant.sizes.keys.none { it in known } }
    return if (free < 0) variants else variants.take(free + 1)
}
