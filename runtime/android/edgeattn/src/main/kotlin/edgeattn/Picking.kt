package edgeattn

/** Return the variants that this device can run, in the bundle's order, of one [target] where it is named. */
internal fun Manifest.runnable(target: String?): List<Variant> {
    val candidates = variants.filter { target == null || it.target == target }
    requireInput(candidates.isNotEmpty()) {
        "$name: no target $target; it has ${variants.map { it.target }.distinct().joinToString()}"
    }
    val lacking = candidates.associateWith { lack(it) }
    val found = candidates.filter { lacking[it] == null }
    if (found.isEmpty()) {
        val needs = lacking.entries.joinToString("; ") { (variant, reason) -> "${variant.target} $reason" }
        throw IncompatibleRuntimeError("$name: no variant runs here: $needs; export for this device")
    }
    return found
}

/** Say what keeps a variant from running here; null where nothing does. */
private fun Manifest.lack(variant: Variant): String? {
    val needs = variant.engine
    if (needs.name != "onnxruntime") return "needs ${needs.name}, and this runtime drives onnxruntime"
    if (isOlder(Engine.version, needs.version)) {
        return "needs onnxruntime ${needs.version} or newer, and ${Engine.version} is installed"
    }
    val missing = needs.providers - Engine.providers.toSet()
    if (missing.isNotEmpty()) return "needs $missing, and onnxruntime ${Engine.version} here has ${Engine.providers}"
    if (generation != null && variant.sizes.isNotEmpty()) {
        return "fixes ${variant.sizes}, and this runtime generates in dynamic sizes alone"
    }
    return null
}

internal fun isOlder(version: String, than: String): Boolean {
    fun release(text: String) = text.takeWhile { it.isDigit() || it == '.' }.split('.').map { it.toIntOrNull() ?: 0 }
    val (found, wanted) = release(version) to release(than)
    val pairs = (0 until maxOf(found.size, wanted.size)).map { (found.getOrNull(it) ?: 0) to (wanted.getOrNull(it) ?: 0) }
    return pairs.firstOrNull { it.first != it.second }?.let { it.first < it.second } ?: false
}
