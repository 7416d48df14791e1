package edgeattn

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** An array of numbers in C order, in memory that the engine reads in place. */
class Tensor internal constructor(val dtype: DType, val dims: List<Int>, internal val bytes: ByteBuffer) {
    val count: Int get() = dims.fold(1, Int::times)

    fun floats(): FloatArray = FloatArray(count).also { view(DType.float32).asFloatBuffer().get(it) }

    fun longs(): LongArray = LongArray(count).also { view(DType.int64).asLongBuffer().get(it) }

    fun ints(): IntArray = IntArray(count).also { view(DType.int32).asIntBuffer().get(it) }

    private fun view(wanted: DType): ByteBuffer {
        requireInput(dtype == wanted) { "$wanted values asked for, the tensor holds $dtype" }
        return bytes.duplicate().order(ByteOrder.nativeOrder())
    }

    /** The value at [i] in C order; integers beyond 2^53 are rounded. */
    internal fun double(i: Int): Double = when (dtype) {
        DType.bool, DType.uint8 -> (bytes[i].toInt() and 0xFF).toDouble()
        DType.int8 -> bytes[i].toDouble()
        DType.int16 -> bytes.getShort(2 * i).toDouble()
        DType.uint16 -> (bytes.getShort(2 * i).toInt() and 0xFFFF).toDouble()
        DType.int32 -> bytes.getInt(4 * i).toDouble()
        DType.uint32 -> bytes.getInt(4 * i).toUInt().toDouble()
        DType.int64 -> bytes.getLong(8 * i).toDouble()
        DType.uint64 -> bytes.getLong(8 * i).toULong().toDouble()
        DType.float16 -> half(bytes.getShort(2 * i).toInt() and 0xFFFF)
        DType.float32 -> bytes.getFloat(4 * i).toDouble()
        DType.float64 -> bytes.getDouble(8 * i)
    }

    internal fun hasNaN(): Boolean = dtype.isFloat && (0 until count).any { double(it).isNaN() }

    /** Return the same of other dims: cut at the end of each axis, or filled up there with 0 or 1. */
    internal fun resized(wanted: List<Int>, filling: Int = 0): Tensor {
        var result = zeros(dtype, wanted)
        if (filling != 0) result = whole(LongArray(result.count) { 1 }, dtype, wanted)
        copy(0, 0, 0, result)
        return result
    }

    private fun copy(axis: Int, from: Int, to: Int, result: Tensor) {
        val common = if (axis < dims.size) minOf(dims[axis], result.dims[axis]) else 1
        if (axis + 1 >= dims.size) return result.put(to, this, from, common * dtype.size) // the last axis lies in one piece
        val step = dims.drop(axis + 1).fold(dtype.size, Int::times)
        val other = result.dims.drop(axis + 1).fold(dtype.size, Int::times)
        for (i in 0 until common) copy(axis + 1, from + i * step, to + i * other, result)
    }

    /** Return rows, along the first axis, by their places. */
    internal fun rows(places: List<Int>): Tensor {
        val size = dims.drop(1).fold(dtype.size, Int::times)
        val result = zeros(dtype, listOf(places.size) + dims.drop(1))
        places.forEachIndexed { i, place -> result.put(i * size, this, place * size, size) }
        return result
    }

    private fun put(at: Int, from: Tensor, start: Int, length: Int) {
        val part = from.bytes.duplicate().apply { position(start).limit(start + length) }
        bytes.duplicate().apply { position(at) }.put(part)
    }

    companion object {
        /** Make a tensor of zeros. */
        fun zeros(dtype: DType, dims: List<Int>): Tensor {
            val size = sizeOf(dtype, dims.map { it.toLong() })
            requireInput(size >= 0) { "$dtype$dims found, at most 2 GB expected" }
            try {
                return Tensor(dtype, dims, ByteBuffer.allocateDirect(size.toInt()).order(ByteOrder.nativeOrder()))
            } catch (_: OutOfMemoryError) {
                throw InputError("$dtype$dims found, a tensor that fits into memory expected")
            }
        }

        fun of(values: FloatArray, vararg dims: Int) = filled(DType.float32, dims, values.size) { it.asFloatBuffer().put(values) }

        fun of(values: LongArray, vararg dims: Int) = filled(DType.int64, dims, values.size) { it.asLongBuffer().put(values) }

        fun of(values: IntArray, vararg dims: Int) = filled(DType.int32, dims, values.size) { it.asIntBuffer().put(values) }

        /** Make a tensor of bytes as they lie in memory, little-endian. */
        fun of(bytes: ByteArray, dtype: DType, dims: List<Int>): Tensor =
            filled(dtype, dims.toIntArray(), bytes.size / dtype.size) { it.put(bytes) }

        private fun filled(dtype: DType, dims: IntArray, count: Int, fill: (ByteBuffer) -> Unit): Tensor {
            val tensor = zeros(dtype, dims.toList())
            requireInput(tensor.count == count) { "$count values found, dims ${dims.toList()} expected" }
            fill(tensor.bytes.duplicate().order(ByteOrder.nativeOrder()))
            return tensor
        }

        /** Make a tensor of whole numbers in any dtype that holds them. */
        internal fun whole(values: LongArray, dtype: DType, dims: List<Int>): Tensor {
            val tensor = zeros(dtype, dims)
            for ((i, value) in values.withIndex()) {
                when (dtype) {
                    DType.bool, DType.int8, DType.uint8 -> tensor.bytes.put(i, value.toByte())
                    DType.int16, DType.uint16 -> tensor.bytes.putShort(2 * i, value.toShort())
                    DType.int32, DType.uint32 -> tensor.bytes.putInt(4 * i, value.toInt())
                    DType.int64, DType.uint64 -> tensor.bytes.putLong(8 * i, value)
                    DType.float16 -> tensor.bytes.putShort(2 * i, if (value == 0L) 0 else 0x3C00)
                    DType.float32 -> tensor.bytes.putFloat(4 * i, value.toFloat())
                    DType.float64 -> tensor.bytes.putDouble(8 * i, value.toDouble())
                }
                requireInput(tensor.double(i) == value.toDouble()) { "$value found, which $dtype cannot hold" }
            }
            return tensor
        }

        /** Return tensors one behind the other along the first axis. */
        internal fun joined(parts: List<Tensor>): Tensor {
            val result = zeros(parts[0].dtype, listOf(parts.sumOf { it.dims[0] }) + parts[0].dims.drop(1))
            parts.fold(0) { at, part ->
                result.put(at, part, 0, part.count * part.dtype.size)
                at + part.count * part.dtype.size
            }
            return result
        }
    }
}

/** Return the bytes that a tensor takes, or -1 where dims are below 0 or beyond Java's arrays. */
internal fun sizeOf(dtype: DType, dims: List<Long>): Long = dims.fold(dtype.size.toLong()) { all, dim ->
    if (all < 0 || dim < 0 || (dim > 0 && all > Int.MAX_VALUE / dim)) -1 else all * dim
}

/** Return what the bits of a float16 are. */
private fun half(bits: Int): Double {
    val sign = if (bits and 0x8000 == 0) 1.0 else -1.0
    val fraction = (bits and 0x3FF) / 1024.0
    return when (val exponent = bits shr 10 and 31) {
        0 -> sign * Math.scalb(fraction, -14)
        31 -> if (fraction == 0.0) sign * Double.POSITIVE_INFINITY else Double.NaN
        else -> sign * Math.scalb(1 + fraction, exponent - 15)
    }
}
