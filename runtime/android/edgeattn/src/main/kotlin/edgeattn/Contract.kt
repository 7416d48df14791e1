package edgeattn

/** A dim of a contract: a size of at least 1, or a symbol such as "batch"; the other is null. */
data class Dim(val symbol: String?, val size: Long?) {
    override fun toString() = symbol ?: "$size"
}

/** An input or output of a graph. */
data class TensorSpec(val name: String, val dtype: DType, val dims: List<Dim>)

/** What a graph takes and gives. */
data class Graph(val name: String, val inputs: List<TensorSpec>, val outputs: List<TensorSpec>)

/** Takes the contract in as the core lists it: a graph, then its specs, each followed by its dims. */
internal class ContractReader : Native.Reader() {
    private class Open(val name: String, val inputs: MutableList<TensorSpec>, val outputs: MutableList<TensorSpec>)

    private val open = mutableListOf<Open>()
    private lateinit var dims: MutableList<Dim>

    val graphs get() = open.map { Graph(it.name, it.inputs, it.outputs) }

    override fun graph(name: ByteArray) {
        open += Open(name.decodeToString(), mutableListOf(), mutableListOf())
    }

    override fun spec(isInput: Boolean, name: ByteArray, dtype: ByteArray) {
        dims = mutableListOf()
        val spec = TensorSpec(name.decodeToString(), DType.valueOf(dtype.decodeToString()), dims)
        (if (isInput) open.last().inputs else open.last().outputs) += spec
    }

    override fun dim(symbol: ByteArray?, size: Long) {
        dims += if (symbol == null) Dim(null, size) else Dim(symbol.decodeToString(), null)
    }
}
