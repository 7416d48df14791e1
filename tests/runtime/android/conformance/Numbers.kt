// Tensors as cases.json has them, and how near two of them are.

package edgeattn

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import kotlin.math.abs
import kotlin.math.sqrt

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

/** How near outputs came: the least cosine, and the largest difference; null where names, dtypes or shapes differ. */
internal fun likeness(found: Map<String, Tensor>, expected: Map<String, Tensor>): Pair<Double, Double>? {
    fun kinds(tensors: Map<String, Tensor>) = tensors.mapValues { it.value.dtype to it.value.dims }
    if (kinds(found) != kinds(expected)) return null
    val each = expected.map { (name, tensor) -> likeness(found.getValue(name).numbers(), tensor.numbers()) }
    return each.minOf { it.first } to each.maxOf { it.second }
}

private fun likeness(a: DoubleArray, b: DoubleArray): Pair<Double, Double> {
    fun dot(x: DoubleArray, y: DoubleArray) = x.indices.sumOf { x[it] * y[it] }
    val norms = sqrt(dot(a, a)) * sqrt(dot(b, b))
    val cosine = if (norms == 0.0) (if (dot(a, a) == dot(b, b)) 1.0 else 0.0) else dot(a, b) / norms
    return cosine to (a.indices.maxOfOrNull { abs(a[it] - b[it]) } ?: 0.0)
}
