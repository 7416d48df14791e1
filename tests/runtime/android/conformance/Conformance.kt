// Runs every case of runtime/conformance, and prints one JSON object a line.

package edgeattn

import com.google.gson.GsonBuilder
import java.io.File
import kotlin.math.abs

private typealias Case = Map<String, Any?>

private class Outcome(val found: String = "answered", val maxAbs: Double? = null, val cosine: Double? = null)

fun main(arguments: Array<String>) {
    val folder = File(arguments[0])
    each(parse(File(folder, "cases.json").readText()).value) { _, case ->
        val bundle = File(folder, case["bundle"] as String)
        fun tell(what: String, asked: Case, body: () -> Outcome) = report(bundle.name, what, asked["error"] as String? ?: "answered", body)
        report(bundle.name, "open", case["verdict"] as String) { Outcome(verdict(bundle)) }
        each(case["calls"]) { i, call -> tell("call $i", call) { answer(call, bundle) } }
        each(case["generate"]) { i, run -> tell("generate $i", run) { generate(run, bundle) } }
        each(case["labels"]) { i, read -> tell("labels $i", read) { label(read, bundle) } }
        each(case["prepare"]) { i, entry ->
            val lacking = listOf("tokenizer", "log-mel").find { it == entry["needs"] }?.let { "no $it" }
            if (lacking != null) report(bundle.name, "prepare $i", lacking) { Outcome(lacking) }
            else tell("prepare $i", entry) { prepare(entry, bundle, folder) }
        }
    }
}

@Suppress("UNCHECKED_CAST")
private fun each(cases: Any?, body: (Int, Case) -> Unit) = (cases as List<Case>?).orEmpty().forEachIndexed(body)

private fun report(bundle: String, what: String, expected: String, body: () -> Outcome) {
    val start = System.nanoTime()
    val outcome = try {
        body()
    } catch (error: EdgeAttnError) {
        Outcome(error::class.simpleName!!)
    } catch (error: Exception) { // a reader never fails otherwise
        Outcome("$error")
    }
    val line = mapOf(
        "bundle" to bundle, "what" to what, "agrees" to (outcome.found == expected), "expected" to expected, "found" to outcome.found,
        "max_abs" to outcome.maxAbs, "cosine" to outcome.cosine, "seconds" to (System.nanoTime() - start) / 1000 / 1e6,
    )
    println(GsonBuilder().serializeNulls().disableHtmlEscaping().create().toJson(line))
}

private fun verdict(bundle: File): String = try {
    Model.load(bundle).use { model -> if (model.check().all { it.ok }) "accepted" else "golden-fails" }
} catch (_: BundleError) {
    "refused"
} catch (_: IncompatibleRuntimeError) {
    "incompatible"
}

private fun answer(call: Case, bundle: File): Outcome = Model.load(bundle).use { model ->
    val outputs = model.run(tensors(call["inputs"]), call["graph"] as String? ?: model.manifest.mainGraph)
    val expected = tensors(call["outputs"])
    if (outputs.mapValues { it.value.dtype to it.value.dims } != expected.mapValues { it.value.dtype to it.value.dims }) {
        return Outcome("outputs of other names, dtypes or shapes")
    }
    val compared = expected.map { (name, tensor) -> compare(outputs.getValue(name), tensor) }
    val least = compared.minOf { it.first }
    val tolerance = ((call["tolerance"] as Map<*, *>)["cosine"] as Number).toDouble()
    Outcome(if (least >= tolerance) "answered" else "outputs beyond the tolerance", compared.maxOf { it.second ?: Double.NaN }, least)
}

private fun generate(run: Case, bundle: File): Outcome = Model.load(bundle).use { model ->
    val prompt = ids(run["prompt"])?.let { Prompt.Tokens(it) } ?: Prompt.Sources(tensors(run["sources"]))
    val options = GenerationOptions(start = ids(run["start"]).orEmpty(), maxNewTokens = (run["max_new_tokens"] as Long?)?.toInt())
    val tokens = model.generate(prompt, options).toList()
    Outcome(if (tokens == ids(run["tokens"])) "answered" else "tokens $tokens")
}

private fun label(read: Case, bundle: File): Outcome = Model.load(bundle).use { model ->
    val found = model.labels(tensors(read["outputs"]))
    val expected = (read["labels"] as List<*>?)?.map { row ->
        (row as List<*>).map { pair -> (pair as List<*>).let { Label(it[0] as String, (it[1] as Number).toFloat()) } }
    }
    Outcome(if (found == expected) "answered" else "labels $found")
}

private fun prepare(entry: Case, bundle: File, folder: File): Outcome = Model.load(bundle).use { model ->
    fun read(key: String) = parse(File(folder, entry[key] as String).readText()).list()
    val given = read("given")
    val differences = given.zip(read("expected")) { raw, wanted ->
        try {
            val raws = if (raw.value is List<*>) raw.list() else listOf(raw)
            val inputs = when (entry["of"]) {
                "image" -> model.prepare(raws.map(::image))
                "audio" -> model.prepare(raws.map(::sound))
                else -> model.prepare(raws.map(::series))
            }
            val found = inputs.values.single().floats()
            val numbers = (wanted.value as List<*>?)?.map { (it as Number).toFloat() }
            if (numbers?.size != found.size) Float.POSITIVE_INFINITY else found.indices.maxOf { abs(found[it] - numbers[it]) }
        } catch (_: InputError) {
            if (wanted.value == null) 0f else Float.POSITIVE_INFINITY
        }
    }
    val unlike = differences.indices.filter { differences[it] != 0f }
    val found = if (unlike.isEmpty()) "answered" else "${unlike.size} of ${given.size} unlike, the first at ${unlike[0]}"
    Outcome(found, differences.max().toDouble().takeIf { it.isFinite() })
}

private fun sound(raw: Field): Sound {
    val channels = raw.table().getValue("channels").list().map { row -> row.list().map { it.number().toFloat() }.toFloatArray() }
    return Sound(raw.table().getValue("rate").integer(1).toInt(), channels)
}

private fun series(raw: Field): Series =
    Series(raw.table().getValue("values").list().map { row -> row.list().map { (it.value as Number?)?.toDouble() ?: Double.NaN }.toDoubleArray() })

private fun image(raw: Field): Image {
    val fields = raw.table()
    val dims = fields.getValue("dims").list().map { it.integer(0).toInt() }
    val channels = if (dims.size == 2) 1 else if (dims.size == 3) dims[2] else 0
    val bytes = (fields.getValue("pixels").value as String).chunked(2) { "$it".toInt(16).toByte() }
    return Image(dims.getOrElse(1) { 0 }, dims[0], channels, bytes.toByteArray())
}

private fun ids(value: Any?): List<Int>? = (value as List<*>?)?.map { (it as Long).toInt() }

private fun tensors(value: Any?): Map<String, Tensor> =
    (value as Map<*, *>?).orEmpty().entries.associate { (name, tensor) -> name as String to tensor(tensor as Map<*, *>) }

private fun tensor(table: Map<*, *>): Tensor {
    val dtype = DType.valueOf(table["dtype"] as String)
    val dims = (table["shape"] as List<*>).map { (it as Long).toInt() }
    val tensor = Tensor.zeros(dtype, dims)
    (table["data"] as List<*>).forEachIndexed { i, number ->
        when (number) {
            "NaN" -> if (dtype == DType.float32) tensor.bytes.putFloat(4 * i, Float.NaN) else tensor.bytes.putDouble(8 * i, Double.NaN)
            is Double -> if (dtype == DType.float32) tensor.bytes.putFloat(4 * i, number.toFloat()) else tensor.bytes.putDouble(8 * i, number)
            is Boolean -> tensor.bytes.put(i, if (number) 1 else 0)
            else -> one(tensor, i, number as Long)
        }
    }
    return tensor
}

private fun one(tensor: Tensor, i: Int, number: Long) {
    val size = tensor.dtype.size
    val bytes = Tensor.whole(longArrayOf(number), tensor.dtype, listOf(1)).bytes
    for (at in 0 until size) tensor.bytes.put(i * size + at, bytes[at])
}
