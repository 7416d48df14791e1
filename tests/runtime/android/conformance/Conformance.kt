// Runs every case of runtime/conformance, and prints one JSON object a line.

package edgeattn

import com.google.gson.GsonBuilder
import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import kotlin.math.abs
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

private class Outcome(val found: String = "answered", val maxAbs: Double? = null, val error: Double? = null)

fun main(arguments: Array<String>): Unit = runBlocking {
    val folder = File(arguments[0])
    for (element in JsonParser.parseString(File(folder, "cases.json").readText()).asJsonArray) {
        val case = element.asJsonObject
        val bundle = File(folder, case["bundle"].asString)
        val keys = case["trusted_keys"]?.asJsonArray?.map { it.asString }
        suspend fun each(key: String, what: String, body: suspend (JsonObject, Model) -> Outcome) {
            case[key]?.asJsonArray?.forEachIndexed { i, entry ->
                val asked = entry.asJsonObject
                report(bundle.name, "$what $i", asked["error"]?.asString ?: "answered") {
                    Model.load(bundle, trustedKeys = keys).use { body(asked, it) }
                }
            }
        }
        report(bundle.name, "open", case["verdict"].asString) { verdict(bundle, keys, case["golden"]?.asJsonArray) }
        each("calls", "call", ::answer)
        each("generate", "generate", ::generate)
        each("labels", "labels", ::label)
        each("predictions", "predictions", ::prediction)
        each("prepare", "prepare") { entry, model -> prepare(entry, model, folder) }
        each("forecast", "forecast", ::forecast)
        each("run_many", "run_many", ::runMany)
        each("generate_many", "generate_many", ::generateMany)
        each("session", "session", ::session)
        each("stream", "stream", ::stream)
        each("steps", "steps") { entry, model -> model.steps().use { compared(it, entry, model) } }
        each("decode", "decode") { entry, model -> outcome(model.decode(entry["tokens"].ints()), entry["text"]?.asString) }
    }
}

private suspend fun report(bundle: String, what: String, expected: String, body: suspend () -> Outcome) {
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
        "max_abs" to outcome.maxAbs, "error" to outcome.error, "seconds" to (System.nanoTime() - start) / 1000 / 1e6,
    )
    println(GsonBuilder().serializeNulls().disableHtmlEscaping().create().toJson(line))
}

private fun outcome(found: Any?, expected: Any?) = Outcome(if (found == expected) "answered" else "$found")

private suspend fun verdict(bundle: File, keys: List<String>?, golden: JsonArray?): Outcome = try {
    Model.load(bundle, trustedKeys = keys).use { model ->
        model.graphs.forEach { model.open(it.name) }
        val results = model.check()
        val errors = results.map { listOf(it.sample, it.output, it.error, it.ok) }
        val expected = golden?.map { row ->
            val (sample, output, error, ok) = row.asJsonArray.toList()
            listOf(sample.asInt, output.asString, error.takeUnless { it.isJsonNull }?.asDouble, ok.asBoolean)
        }
        val found = if (results.all { it.ok }) "accepted" else "golden-fails"
        Outcome(if (expected == null || expected == errors) found else "errors $errors", error = results.mapNotNull { it.error }.maxOrNull())
    }
} catch (_: BundleError) {
    Outcome("refused")
} catch (_: IncompatibleRuntimeError) {
    Outcome("incompatible")
}

private suspend fun answer(call: JsonObject, model: Model): Outcome {
    val outputs = model.run(call["inputs"].asJsonObject.tensors(), call["graph"]?.asString)
    return compared(listOf(outputs), listOf(call["outputs"].asJsonObject), call["tolerance"].asDouble)
}

/** Compares answers by their largest difference. */
private fun compared(found: List<Map<String, Tensor>>, expected: List<JsonObject>, tolerance: Double): Outcome {
    if (found.size != expected.size) return Outcome("${found.size} answers")
    val each = found.zip(expected) { a, b -> difference(a, b.tensors()) ?: return Outcome("outputs of other names, dtypes or shapes") }
    val difference = each.maxOrNull() ?: 0.0
    return Outcome(if (difference <= tolerance) "answered" else "outputs beyond the tolerance", difference)
}

private fun forecast(entry: JsonObject, model: Model): Outcome {
    val found = model.forecast(entry["outputs"].asJsonObject.tensors())
    val expected = entry["forecast"].asJsonObject
    return outcome(found.dims to found.doubles().toList(), expected["shape"].ints() to expected["data"].doubles().toList())
}

private suspend fun runMany(entry: JsonObject, model: Model): Outcome {
    val answers = model.runMany(entry["samples"].asJsonArray.map { it.asJsonObject.tensors() })
    return compared(answers, entry["outputs"].asJsonArray.map { it.asJsonObject }, entry["tolerance"].asDouble)
}

private suspend fun generateMany(entry: JsonObject, model: Model): Outcome {
    val options = options(entry["settings"].asJsonObject, entry["start"]?.ints()) ?: return Outcome("InputError")
    val prompts = entry["prompts"]?.asJsonArray?.map { Prompt.Tokens(it.ints()) } ?: listOf(Prompt.Sources(entry["sources"].asJsonObject.tensors()))
    val found = model.answers(prompts, options)
    val expected = entry["sequences"].asJsonArray.map { row -> row.asJsonArray.map { it.asJsonArray[0].ints() to it.asJsonArray[1].asDouble } }
    val areNear = found.flatten().zip(expected.flatten()).all { (a, b) -> abs(a.score - b.second) <= 1e-4 }
    val areSame = found.map { row -> row.map { it.tokens } } == expected.map { row -> row.map { it.first } }
    return Outcome(if (areSame && areNear) "answered" else "sequences ${found.map { row -> row.map { it.tokens to it.score } }}")
}

/** Continues the turns of one text; after one that is refused the next goes on. */
private suspend fun session(entry: JsonObject, model: Model): Outcome = GenerationSession(model).use { session ->
    val turns = entry["turns"].asJsonArray.map { it.asJsonObject }
    val found = turns.map { turn ->
        val most = turn["max_new_tokens"].takeUnless { it.isJsonNull }?.asInt
        val options = GenerationOptions(maxNewTokens = most, session = session)
        try {
            model.generate(Prompt.Tokens(turn["prompt"].ints()), options).toList()
        } catch (_: InputError) {
            null
        }
    }
    outcome(found, turns.map { it["tokens"]?.ints() })
}

/** Returns settings, or null for a value that their types cannot hold. */
private fun options(settings: JsonObject, start: List<Int>?): GenerationOptions? {
    val stopping = when (settings["early_stopping"]?.asString) {
        null -> null
        "false" -> EarlyStopping.NO
        "true" -> EarlyStopping.YES
        "never" -> EarlyStopping.NEVER
        else -> return null
    }
    return GenerationOptions(
        start = start, stop = settings["stop"]?.ints(),
        stopSequences = settings["stop_sequences"]?.asJsonArray?.map { it.ints() }.orEmpty(),
        maxNewTokens = settings["max_new_tokens"]?.asInt, numBeams = settings["num_beams"]?.asInt,
        numReturnSequences = settings["num_return_sequences"]?.asInt ?: 1,
        lengthPenalty = settings["length_penalty"]?.asDouble, earlyStopping = stopping,
        repetitionPenalty = settings["repetition_penalty"]?.asDouble, temperature = settings["temperature"]?.asDouble,
        topK = settings["top_k"]?.asInt, topP = settings["top_p"]?.asDouble, seed = settings["seed"]?.asInt?.toUInt(),
    )
}

private suspend fun stream(entry: JsonObject, model: Model): Outcome {
    val window = entry["window"]?.takeUnless { it.isJsonNull }?.asInt
    return model.stream(entry["hop"].asInt, window).use { compared(it, entry, model) }
}

private suspend fun compared(stream: ModelStream, entry: JsonObject, model: Model): Outcome {
    val hasSeries = "\"series\": {" in model.manifest()
    val moments = entry["pushes"].asJsonArray.map { push -> moments(stream, push, hasSeries) }
    val expected = entry["moments"].asJsonArray.map { if (it.isJsonNull) null else it.asJsonArray.map { each -> each.asJsonObject } }
    if (moments.map { row -> row?.map { it.end } } != expected.map { row -> row?.map { it["end"].asLong } }) {
        return Outcome("windows that end elsewhere")
    }
    val outputs = expected.filterNotNull().flatten().map { it["outputs"].asJsonObject }
    return compared(moments.filterNotNull().flatten().map { it.outputs }, outputs, entry["tolerance"].asDouble)
}

/** Returns what a push gives, or null where it is refused. */
private suspend fun moments(stream: ModelStream, push: JsonElement, hasSeries: Boolean): List<Moment>? = try {
    when {
        push.isJsonPrimitive -> stream.reset()
        push.isJsonObject -> stream.push(JsonObject().apply { add("array", push) }.tensors().getValue("array"))
        hasSeries -> stream.pushSeries(push.asJsonArray.map { it.doubles() })
        else -> stream.pushSamples(push.asJsonArray.map { it.floats() })
    }
    buildList { while (true) add(stream.next() ?: break) }
} catch (_: InputError) {
    null
}

private suspend fun generate(run: JsonObject, model: Model): Outcome {
    val prompt = run["prompt"]?.let { Prompt.Tokens(it.ints()) } ?: Prompt.Sources(run["sources"].asJsonObject.tensors())
    val most = run["max_new_tokens"].takeUnless { it.isJsonNull }?.asInt
    val options = GenerationOptions(start = run["start"]?.ints(), maxNewTokens = most)
    return outcome(model.generate(prompt, options).toList(), run["tokens"]?.ints())
}

private fun label(read: JsonObject, model: Model): Outcome {
    val expected = read["labels"]?.asJsonArray?.map { row ->
        row.asJsonArray.map { pair -> ScoredLabel(pair.asJsonArray[0].asString, pair.asJsonArray[1].double().toFloat()) }
    }
    return outcome(model.labels(read["outputs"].asJsonObject.tensors()), expected)
}

/** Compares the token ids and type ids of each pair of texts, or batch of them, with what must be. */
private fun preparePairs(given: List<JsonElement>, expected: List<JsonElement>, model: Model): Outcome {
    val others = given.zip(expected).withIndex().filter { (_, both) ->
        val (raw, wanted) = both
        val rows = (if (raw.isJsonArray) raw.asJsonArray.toList() else listOf(raw)).map { it.asJsonObject }
        try {
            val pairs = rows.mapNotNull { it["pair"]?.asString }
            val found = model.prepareTexts(rows.map { it["text"].asString }, pairs.ifEmpty { null }, rows.firstOrNull()?.get("prompt")?.asString)
            wanted.isJsonNull || listOf("ids", "types").any { name ->
                val lists = JsonArray().apply {
                    if (wanted.isJsonArray) wanted.asJsonArray.forEach { add(it.asJsonObject[name]) } else add(wanted.asJsonObject[name])
                }
                unlikeIds(found.filterKeys { it == name }, lists) != 0.0
            }
        } catch (_: InputError) {
            !wanted.isJsonNull
        }
    }
    return Outcome(if (others.isEmpty()) "answered" else "${others.size} unlike, the first at ${others[0].index}")
}

private fun prediction(read: JsonObject, model: Model): Outcome {
    val sizes = read["sizes"]?.asJsonArray.orEmpty().map { (width, height) -> ImageSize(width.asInt, height.asInt) }
    val texts = read["texts"]?.asJsonArray.orEmpty().map { it.asString }
    val pairs = read["pairs"]?.asJsonArray.orEmpty().map { it.asString }
    val found = model.predictions(read["outputs"].asJsonObject.tensors(), texts, sizes, pairs)
    val expected = read["predictions"]?.asJsonArray.orEmpty().map { row -> row.asJsonArray.map { it.asJsonObject } }
    val alike = found.map { it.size } == expected.map { it.size } &&
        found.flatten().zip(expected.flatten()).all { (ours, theirs) -> alike(ours, theirs) }
    return Outcome(if (alike) "answered" else "predictions $found")
}

/** Says whether a prediction has what is expected of it and no more, numbers within 1e-9. */
private fun alike(found: Prediction, expected: JsonObject): Boolean {
    val ours = listOfNotNull(found.score) + (found.box?.run { listOf(left, top, right, bottom) } ?: emptyList())
    val theirs = listOfNotNull(expected["score"]?.asDouble) + expected["box"]?.asJsonArray.orEmpty().map { it.asDouble }
    return found.label == expected["label"]?.asString && found.text == expected["text"]?.asString &&
        found.span?.toList() == expected["span"]?.asJsonArray?.map { it.asInt } &&
        ours.size == theirs.size && ours.zip(theirs).all { (a, b) -> abs(a - b) <= 1e-9 }
}

private fun JsonArray?.orEmpty(): List<JsonElement> = this?.toList() ?: emptyList()

private operator fun JsonElement.component1(): JsonElement = asJsonArray[0]
private operator fun JsonElement.component2(): JsonElement = asJsonArray[1]

/** Compares what becomes of each raw input, or batch of them, with what must. */
private fun prepare(entry: JsonObject, model: Model, folder: File): Outcome {
    fun read(key: String) = JsonParser.parseString(File(folder, entry[key].asString).readText()).asJsonArray.toList()
    val given = read("given")
    if (entry["of"].asString == "pair") return preparePairs(given, read("expected"), model)
    val isText = entry["of"].asString == "text"
    val differences = given.zip(read("expected")) { raw, wanted ->
        try {
            val found = inputs(entry["of"].asString, if (raw.isJsonArray) raw.asJsonArray.toList() else listOf(raw), model, folder)
            if (wanted.isJsonNull) Double.POSITIVE_INFINITY else if (isText) unlikeIds(found, wanted) else unlikeNumbers(found, wanted)
        } catch (_: InputError) {
            if (wanted.isJsonNull) 0.0 else Double.POSITIVE_INFINITY
        }
    }
    val most = entry["tolerance"]?.asDouble ?: 0.0
    val others = differences.indices.filter { differences[it] > most }
    val found = if (others.isEmpty()) "answered" else "${others.size} of ${given.size} unlike, the first at ${others[0]}"
    return Outcome(found, differences.max().takeIf { it.isFinite() })
}

private fun inputs(of: String, raws: List<JsonElement>, model: Model, folder: File): Map<String, Tensor> {
    val files = raws.mapNotNull { raw -> (raw as? JsonObject)?.get("file")?.let { MediaFile(File(folder, it.asString)) } }
    return when (of) {
        "text" -> model.prepareTexts(raws.map(::text))
        "image" -> if (files.isEmpty()) model.prepareImages(raws.map(::image)) else model.prepareImageFiles(files)
        "audio" -> if (files.isEmpty()) model.prepareSounds(raws.map(::sound)) else model.prepareSoundFiles(files)
        else -> if (files.isEmpty()) model.prepareSeries(raws.map(::series)) else model.prepareSeriesFiles(files)
    }
}

private fun unlikeNumbers(inputs: Map<String, Tensor>, wanted: JsonElement): Double {
    val (found, numbers) = inputs.values.single().numbers() to wanted.floats()
    return if (found.size != numbers.size) Double.POSITIVE_INFINITY else found.indices.maxOf { abs(found[it] - numbers[it]) }
}

/** Token ids of a text, or of each of a batch, unpadded. */
private fun unlikeIds(inputs: Map<String, Tensor>, wanted: JsonElement): Double {
    val rows = if (wanted.asJsonArray[0].isJsonArray) wanted.asJsonArray.map { it.doubles() } else listOf(wanted.doubles())
    val padded = rows.flatMap { row -> row.toList() + List(rows.maxOf { it.size } - row.size) { 0.0 } }
    return if (inputs.values.any { it.numbers().toList() == padded }) 0.0 else Double.POSITIVE_INFINITY
}

private fun text(raw: JsonElement): String =
    (raw as? JsonObject)?.let { String(CharArray(it["utf16"].asJsonArray.size()) { i -> it["utf16"].ints()[i].toChar() }) } ?: raw.asString

private fun image(raw: JsonElement): ImageInput {
    val dims = raw.asJsonObject["dims"].ints()
    val channels = if (dims.size == 2) 1 else if (dims.size == 3) dims[2] else 0
    val bytes = raw.asJsonObject["pixels"].asString.chunked(2) { "$it".toInt(16).toByte() }
    return ImageInput(dims.getOrElse(1) { 0 }, dims[0], channels, bytes.toByteArray())
}

private fun sound(raw: JsonElement) = SoundInput(raw.asJsonObject["rate"].asInt, raw.asJsonObject["channels"].asJsonArray.map { it.floats() })

private fun series(raw: JsonElement) = SeriesInput(raw.asJsonObject["values"].asJsonArray.map { it.doubles() })
