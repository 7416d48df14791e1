package edgeattn

import com.google.gson.stream.JsonReader
import com.google.gson.stream.JsonToken
import java.io.IOException
import java.io.StringReader

private const val LARGEST = (1L shl 53) - 1 // the largest integer that every JSON reader keeps exact
private const val DEEPEST = 100

/** A JSON value that knows under which key it stands, so that every refusal names its key. */
internal class Field(val key: String, val value: Any?) {
    /** An object with any printable keys. */
    fun table(): Map<String, Field> {
        val table = value as? Map<*, *> ?: throw refusal("an object")
        return table.entries.associate { (name, value) ->
            if (!isPrintable(name as String)) throw refusal("an object with printable keys")
            name to Field(if (key.isEmpty()) name else "$key.$name", value)
        }
    }

    /** An object with exactly these keys, and any of [optional]. */
    fun record(vararg names: String, optional: List<String> = emptyList()): Record {
        val fields = table()
        names.forEach { name -> require(name in fields) { "$key.$name: missing".trimStart('.') } }
        fields.forEach { (name, field) ->
            require(name in names || name in optional) {
                "${field.key}: unknown key; expected ${(names.toList() + optional).joinToString()}"
            }
        }
        return Record(fields)
    }

    fun list(): List<Field> =
        (value as? List<*> ?: throw refusal("an array")).mapIndexed { i, item -> Field("$key[$i]", item) }

    fun text(pattern: Regex? = null, meaning: String = "a printable text"): String {
        val text = value as? String
        if (text.isNullOrEmpty() || !isPrintable(text) || pattern?.matches(text) == false) throw refusal(meaning)
        return text
    }

    fun texts(): List<String> = list().map { it.text() }

    fun <T : Enum<T>> choice(choices: Iterable<T>): T =
        choices.firstOrNull { it.name == value } ?: throw refusal("one of ${choices.joinToString()}")

    fun integer(least: Long): Long =
        (value as? Long)?.takeIf { it in least..LARGEST } ?: throw refusal("an integer from $least to 2^53 - 1")

    fun flag(): Boolean = value as? Boolean ?: throw refusal("true or false")

    fun number(): Double = (value as? Number)?.toDouble() ?: throw refusal("a finite number")

    fun numbers(): Map<String, Double> = table().mapValues { it.value.number() }

    /** What [read] makes of it, or null where it is null. */
    fun <T> orNull(read: (Field) -> T): T? = if (value == null) null else read(this)

    /** An engine's option as onnxruntime reads it. */
    fun option(): String = when (value) {
        is String -> text()
        is Boolean -> if (value) "1" else "0"
        is Number -> value.toString()
        else -> throw refusal("a text, a number, true or false")
    }

    fun refusal(expected: String) = BundleError("${key.ifEmpty { "the manifest" }}: ${"$value".take(60)} found, $expected expected")
}

/** The fields of an object whose keys are known to be there. */
internal class Record(private val fields: Map<String, Field>) {
    val isEmpty get() = fields.isEmpty()

    operator fun get(name: String): Field = fields.getValue(name)

    fun <T> optional(name: String, read: (Field) -> T): T? = fields[name]?.let(read)
}

/** Parse JSON: no key twice in an object, no NaN or infinity, nothing behind its end. */
internal fun parse(text: String): Field {
    try {
        if (text.startsWith('\uFEFF')) throw BundleError("not valid JSON (a byte order mark); copy the bundle again")
        val reader = JsonReader(StringReader(text)) // strict where it is not set to be lenient
        val value = read(reader, 0)
        require(reader.peek() == JsonToken.END_DOCUMENT) {
            "not valid JSON (more behind its end); copy the bundle again"
        }
        return Field("", value)
    } catch (error: IOException) {
        throw BundleError("not valid JSON (${error.message?.lines()?.first()}); copy the bundle again", error)
    }
}

private fun read(reader: JsonReader, depth: Int): Any? {
    require(depth < DEEPEST) { "not valid JSON (nested deeper than $DEEPEST); copy the bundle again" }
    return when (reader.peek()) {
        JsonToken.BEGIN_OBJECT -> readObject(reader, depth)
        JsonToken.BEGIN_ARRAY -> {
            reader.beginArray()
            buildList { while (reader.hasNext()) add(read(reader, depth + 1)) }.also { reader.endArray() }
        }
        JsonToken.BOOLEAN -> reader.nextBoolean()
        JsonToken.NULL -> reader.nextNull().let { null }
        JsonToken.NUMBER -> number(reader.nextString())
        else -> reader.nextString()
    }
}

private fun readObject(reader: JsonReader, depth: Int): Map<String, Any?> {
    val table = LinkedHashMap<String, Any?>()
    reader.beginObject()
    while (reader.hasNext()) {
        val name = reader.nextName()
        require(name !in table) { "not valid JSON (key \"$name\" stands twice in an object); copy the bundle again" }
        table[name] = read(reader, depth + 1)
    }
    reader.endObject()
    return table
}

private fun number(text: String): Number {
    val number = text.toLongOrNull() ?: text.toDouble()
    require(number.toDouble().isFinite()) { "not valid JSON ($text is beyond a float64); copy the bundle again" }
    return number
}

private val UNPRINTABLE = setOf(
    CharCategory.CONTROL, CharCategory.FORMAT, CharCategory.SURROGATE, CharCategory.PRIVATE_USE,
    CharCategory.UNASSIGNED, CharCategory.LINE_SEPARATOR, CharCategory.PARAGRAPH_SEPARATOR,
).map { it.value }

private fun isPrintable(text: String): Boolean = text.codePoints().allMatch { point ->
    val category = Character.getType(point)
    if (category == Character.SPACE_SEPARATOR.toInt()) point == ' '.code else category !in UNPRINTABLE
}
