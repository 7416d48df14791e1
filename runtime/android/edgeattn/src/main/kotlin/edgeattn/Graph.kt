package edgeattn

import ai.onnxruntime.OnnxJavaType
import ai.onnxruntime.TensorInfo.OnnxTensorType

/** An element type, by numpy's name: its bytes, its name in safetensors, and its names in `ai.onnxruntime`. */
@Suppress("EnumEntryName")
enum class DType(
    val size: Int, internal val safetensors: String, internal val engine: OnnxTensorType, internal val java: OnnxJavaType?,
) {
    bool(1, "BOOL", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, OnnxJavaType.BOOL),
    int8(1, "I8", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, OnnxJavaType.INT8),
    uint8(1, "U8", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, OnnxJavaType.UINT8),
    int16(2, "I16", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, OnnxJavaType.INT16),
    uint16(2, "U16", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, null), // no type of Java's
    int32(4, "I32", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, OnnxJavaType.INT32),
    uint32(4, "U32", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, null),
    int64(8, "I64", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, OnnxJavaType.INT64),
    uint64(8, "U64", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, null),
    float16(2, "F16", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, OnnxJavaType.FLOAT16),
    float32(4, "F32", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, OnnxJavaType.FLOAT),
    float64(8, "F64", OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, OnnxJavaType.DOUBLE),
    ;

    val isFloat get() = this in float16..float64
    val isInteger get() = this in int8..uint64
}

/** A dim of a contract: a size, or a symbol. */
sealed interface Dim {
    data class Size(val size: Int) : Dim { override fun toString() = "$size" }
    data class Symbol(val name: String) : Dim { override fun toString() = name }
}

internal val Dim.symbol get() = (this as? Dim.Symbol)?.name
internal val Dim.size get() = (this as? Dim.Size)?.size

/** An input or output of a graph; the values of an input with [tableRows] are indices into a lookup table of so many rows. */
data class TensorSpec(val name: String, val dtype: DType, val dims: List<Dim>, val tableRows: Int? = null) {
    override fun toString() = "$name: $dtype$dims"
}

/** The sizes that a symbol may take, both ends included; a max of null is unbounded. */
data class Bounds(val min: Int, val max: Int?) {
    fun allows(size: Int) = size >= min && size <= (max ?: Int.MAX_VALUE)
    override fun toString() = if (max == null) "at least $min" else "$min to $max"
}

/** What a graph takes and gives: the same in every variant of the bundle. */
data class Graph(val inputs: List<TensorSpec>, val outputs: List<TensorSpec>) {
    /** Check a call's inputs, but for those of [absent]; nothing is cast silently. */
    internal fun check(found: Map<String, Tensor>, symbols: Map<String, Bounds>, absent: Collection<String> = emptySet()) {
        val expected = inputs.filter { it.name !in absent }
        val names = expected.map { it.name }
        val faults = (found.keys - names.toSet()).map { "unknown $it" } + (names - found.keys).map { "missing $it" }
        requireInput(faults.isEmpty()) { "inputs: ${faults.joinToString()}; expected ${names.joinToString()}" }
        for (spec in expected) {
            val tensor = found.getValue(spec.name)
            requireInput(tensor.dtype == spec.dtype) { "$spec: ${tensor.dtype} found, ${spec.dtype} expected" }
            requireInput(!tensor.hasNaN()) { "$spec: NaN found, numbers expected; check what made this input" }
            spec.tableRows?.let { checkIndices(spec.name, tensor, it) }
        }
        for ((symbol, size) in sizes(found, expected)) {
            val bounds = symbols.getValue(symbol)
            requireInput(bounds.allows(size)) { "dim $symbol: $size found, $bounds expected" }
        }
    }

    /** Return the size of every symbol of the inputs. */
    internal fun sizes(tensors: Map<String, Tensor>, specs: List<TensorSpec> = inputs): Map<String, Int> {
        val sizes = LinkedHashMap<String, Int>()
        for (spec in specs) {
            val dims = tensors.getValue(spec.name).dims
            requireInput(dims.size == spec.dims.size) { "$spec: $dims found, ${spec.dims.size} dims expected" }
            for ((axis, dim) in spec.dims.withIndex()) {
                val expected = dim.size ?: sizes.getOrPut(dim.symbol!!) { dims[axis] }
                requireInput(dims[axis] == expected) { "$spec: ${dims[axis]} found on axis $axis, $expected expected" }
            }
        }
        return sizes
    }
}

/** Refuse what a table has no row for: ONNX would take an index below 0 from its end. */
private fun checkIndices(name: String, tensor: Tensor, rows: Int) {
    for (i in 0 until tensor.count) {
        val index = tensor.double(i)
        requireInput(index >= 0 && index < rows) {
            "$name holds ${index.toLong()}, out of range for a lookup table of $rows rows; give 0 to ${rows - 1}"
        }
    }
}

/** Check that an input which the manifest names as token ids has none below 0, also where no table is known that they index. */
internal fun Manifest.checkTokenIds(inputs: Map<String, Tensor>) {
    for (name in listOfNotNull(generation?.tokens, processing?.text?.ids)) {
        val ids = inputs[name] ?: continue
        val negative = (0 until ids.count).map { ids.double(it) }.firstOrNull { it < 0 }
        requireInput(negative == null) {
            "$name: token id ${negative?.toLong()} found, at least 0 expected; check the tokenizer"
        }
    }
}

/** Return every symbol of [dims], once, in order of appearance. */
internal fun symbols(dims: Iterable<Dim>): List<String> = dims.mapNotNull { it.symbol }.distinct()
