// Tensors as cases.json has them, and how near two of them are.

package edgeattn

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import kotlin.math.abs

internal fun JsonElement.double() = if (isJsonNull) Double.NaN else asString.let { if (it == "NaN") Double.NaN else it.toDouble() }

internal fun JsonElement.doubles() = asJsonArray.map { it.double() }.toDoubleArray()

internal fun JsonElement.floats() = asJsonArray.map { it.double().toFloat() }.toFloatArray()

internal fun JsonElement.ints() = asJsonArray.map { it.asInt }

internal fun JsonObject.tensors(): Map<String, Tensor> = entrySet().associate { (name, tensor) -> name to tensor.asJsonObject.tensor() }

private fun JsonObject.tensor(): Tensor {
    val dims = this["shape"].ints().toIntArray()
    val data = this["data"].asJsonArray
    return when (val dtype = DType.valueOf(this["dtype"].asString)) {
        DType.bool -> Tensor.of(data.map { it.asString == "true" || it.asString == "1" }.toBooleanArray(), *dims)
        DType.int8 -> Tensor.of(data.map { it.asByte }.toByteArray(), *dims)
        DType.int32 -> Tensor.of(data.map { it.asInt }.toIntArray(), *dims)
        DType.int64 -> Tensor.of(data.map { it.asLong }.toLongArray(), *dims)
        DType.float32 -> Tensor.of(data.floats(), *dims)
        DType.float64 -> Tensor.of(data.doubles(), *dims)
        else -> error("no case has a tensor of $dtype")
    }
}

internal fun Tensor.numbers(): DoubleArray = when (dtype) {
    DType.float32 -> floats().let { values -> DoubleArray(values.size) { values[it].toDouble() } }
    DType.float64 -> doubles()
    DType.int64 -> longs().let { values -> DoubleArray(values.size) { values[it].toDouble() } }
    DType.int32 -> ints().let { values -> DoubleArray(values.size) { values[it].toDouble() } }
    else -> bytes().let { values -> DoubleArray(values.size) { values[it].toDouble() } }
}

/** Returns the largest difference of two numbers; null where names, dtypes or shapes differ. */
internal fun difference(found: Map<String, Tensor>, expected: Map<String, Tensor>): Double? {
    fun kinds(tensors: Map<String, Tensor>) = tensors.mapValues { it.value.dtype to it.value.dims }
    if (kinds(found) != kinds(expected)) return null
    return expected.maxOf { (name, tensor) -> difference(found.getValue(name).numbers(), tensor.numbers()) }
}

private fun difference(a: DoubleArray, b: DoubleArray): Double = a.indices.maxOfOrNull { abs(a[it] - b[it]) } ?: 0.0
