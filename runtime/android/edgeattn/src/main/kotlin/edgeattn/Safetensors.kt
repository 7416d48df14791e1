package edgeattn

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Read a file of https://github.com/huggingface/safetensors. */
internal fun readSafetensors(file: File): Map<String, Tensor> {
    val data = ByteBuffer.wrap(file.readBytes()).order(ByteOrder.LITTLE_ENDIAN)
    fun broken(why: String) = BundleError("$file: not a safetensors file ($why); export the model again")
    if (data.capacity() < 8) throw broken("${data.capacity()} bytes")
    val length = data.getLong(0)
    if (length < 0 || length > data.capacity() - 8) throw broken("a header beyond its end")
    val body = 8 + length.toInt()
    val headers = try {
        val table = parse(String(data.array(), 8, length.toInt(), Charsets.UTF_8)).table()
        table.filterKeys { it != "__metadata__" }.mapValues { readHeader(it.value) }
    } catch (error: BundleError) {
        throw broken("${error.message}")
    }
    var end = 0L
    val tensors = headers.entries.sortedWith(compareBy({ it.value.start }, { it.value.end })).associate { (name, header) ->
        val size = sizeOf(header.dtype, header.dims)
        if (header.start != end || header.end - end != size || header.end > data.capacity() - body) throw broken("tensor $name")
        val from = body + end.toInt()
        end = header.end
        name to Tensor.of(data.array().copyOfRange(from, from + size.toInt()), header.dtype, header.dims.map { it.toInt() })
    }
    if (body + end != data.capacity().toLong()) throw broken("bytes of no tensor")
    return tensors
}

private class Header(val dtype: DType, val dims: List<Long>, val start: Long, val end: Long)

private fun readHeader(field: Field): Header {
    val fields = field.record("dtype", "shape", "data_offsets")
    val dtype = DType.entries.firstOrNull { it.safetensors == fields["dtype"].value }
        ?: throw field.refusal("a dtype of numpy's")
    val offsets = fields["data_offsets"].list().map { it.integer(0) }
    if (offsets.size != 2) throw fields["data_offsets"].refusal("two offsets")
    return Header(dtype, fields["shape"].list().map { it.integer(0) }, offsets[0], offsets[1])
}
