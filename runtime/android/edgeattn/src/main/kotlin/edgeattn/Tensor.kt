package edgeattn

import java.lang.reflect.Array.getLength

/** An element type, by numpy's name. */
@Suppress("EnumEntryName") // which the names of the contract are
enum class DType(internal val size: Int) {
    bool(1), int8(1), uint8(1), int16(2), uint16(2), int32(4), uint32(4), int64(8), uint64(8), float16(2), float32(4), float64(8);

    internal val utf8 = name.encodeToByteArray()
}

/**
 * An array of numbers in C order. It shares the array that it is made of.
 *
 * Unsigned numbers lie in the arrays of signed ones by their bits, a `float16` in a short, a `bool` in a byte, 0 or 1.
 */
class Tensor private constructor(val dtype: DType, val dims: List<Int>, private val values: Any, private val length: Int) {
    init {
        val expected = dims.fold(1L) { product, dim -> if (dim < 0 || product > Int.MAX_VALUE) -1 else product * dim }
        requireInput(expected == length.toLong()) { "$length values found, those of $dtype$dims expected" }
    }

    fun bytes(): ByteArray = values as? ByteArray ?: refused("bytes")

    fun shorts(): ShortArray = values as? ShortArray ?: refused("shorts")

    fun ints(): IntArray = values as? IntArray ?: refused("ints")

    fun longs(): LongArray = values as? LongArray ?: refused("longs")

    fun floats(): FloatArray = values as? FloatArray ?: refused("floats")

    fun doubles(): DoubleArray = values as? DoubleArray ?: refused("doubles")

    fun booleans(): BooleanArray {
        requireInput(dtype == DType.bool) { "booleans asked for, the tensor holds $dtype" }
        return bytes().let { bytes -> BooleanArray(bytes.size) { bytes[it].toInt() != 0 } }
    }

    private fun refused(asked: String): Nothing = throw InputError("$asked asked for, the tensor holds $dtype")

    internal fun arrays(name: String) = listOf(name.utf8(), dtype.utf8, LongArray(dims.size) { dims[it].toLong() }, values)

    companion object {
        fun of(values: BooleanArray, vararg dims: Int) = of(ByteArray(values.size) { if (values[it]) 1 else 0 }, *dims, dtype = DType.bool)

        fun of(values: ByteArray, vararg dims: Int, dtype: DType = DType.int8) = made(values, values.size, 1, dims, dtype)

        fun of(values: ShortArray, vararg dims: Int, dtype: DType = DType.int16) = made(values, values.size, 2, dims, dtype)

        fun of(values: IntArray, vararg dims: Int, dtype: DType = DType.int32) = made(values, values.size, 4, dims, dtype)

        fun of(values: LongArray, vararg dims: Int, dtype: DType = DType.int64) = made(values, values.size, 8, dims, dtype)

        fun of(values: FloatArray, vararg dims: Int) = made(values, values.size, 4, dims, DType.float32)

        fun of(values: DoubleArray, vararg dims: Int) = made(values, values.size, 8, dims, DType.float64)

        private fun made(values: Any, length: Int, size: Int, dims: IntArray, dtype: DType): Tensor {
            requireInput(dtype.size == size) { "$dtype found, a dtype of $size bytes expected" }
            return Tensor(dtype, dims.toList(), values, length)
        }

        internal fun read(dtype: Any, dims: Any, values: Any) = Tensor(
            DType.valueOf((dtype as ByteArray).decodeToString()), (dims as LongArray).map { it.toInt() }, values, getLength(values),
        )
    }
}

/** Returns tensors as they cross into the core: [Native]. */
internal fun Map<String, Tensor>.arrays(): Array<Any> = flatMap { (name, tensor) -> tensor.arrays(name) }.toTypedArray()

/** Returns tensors that crossed from the core. */
internal fun tensors(arrays: Array<Any>): Map<String, Tensor> =
    arrays.asList().chunked(4).associate { (name, dtype, dims, values) ->
        (name as ByteArray).decodeToString() to Tensor.read(dtype, dims, values)
    }
