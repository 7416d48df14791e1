package edgeattn

/** Values in their own units, an array a series in the order of the manifest's names; NaN is a missing one. */
class Series(val values: List<DoubleArray>)

/** Make the input of a batch of series: gaps filled or refused, then scaled. */
@JvmName("prepareSeries")
fun Model.prepare(batch: List<Series>): Map<String, Tensor> {
    val rule = manifest.processing?.series ?: throw lacking("series")
    val count = rule.names.size
    val length = input(rule.input).dims.last().size ?: batch.firstOrNull()?.values?.firstOrNull()?.size ?: 0
    requireInput(batch.isNotEmpty() && length > 0) { "no value of series found, at least one expected" }
    val scaled = batch.flatMap { series ->
        requireInput(series.values.size == count) { "${series.values.size} series found, $count expected: ${rule.names}" }
        series.values.flatMapIndexed { i, values ->
            requireInput(values.size == length) { "${values.size} values of ${rule.names[i]} found, $length expected" }
            filled(values, rule.missing, rule.names[i]).map { ((it - rule.mean[i]) / rule.std[i]).toFloat() }
        }
    }
    return mapOf(rule.input to Tensor.of(scaled.toFloatArray(), batch.size, count, length))
}

/** Return what a call forecast in the series' own units, one of each of the batch. */
fun Model.forecast(outputs: Map<String, Tensor>): List<Series> {
    val rule = manifest.processing?.series ?: throw lacking("series")
    val output = outputs[rule.output ?: throw lacking("forecast")] ?: throw InputError("outputs: missing ${rule.output}")
    val count = rule.names.size
    requireInput(output.dims.size == 3 && output.dims[1] == count) {
        "${rule.output}: ${output.dims} found, [batch, $count, time] expected"
    }
    val rows = output.floats().asList().chunked(output.dims[2]).mapIndexed { row, values ->
        values.map { it * rule.std[row % count] + rule.mean[row % count] }.toDoubleArray()
    }
    return rows.chunked(count).map(::Series)
}

/** Fill the gaps of one series as the manifest says, or refuse it. */
private fun filled(values: DoubleArray, missing: Processing.Missing, name: String): List<Double> {
    requireInput(values.none { it.isInfinite() }) { "an infinite value of $name found, numbers expected" }
    val first = values.firstOrNull { !it.isNaN() }
    requireInput(first != null && (missing == Processing.Missing.hold || values.none { it.isNaN() })) {
        "missing values of $name found, none expected"
    }
    var before = first!!
    return values.map { value ->
        if (!value.isNaN()) before = value
        before
    }
}
