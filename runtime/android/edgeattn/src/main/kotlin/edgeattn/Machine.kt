package edgeattn

import java.io.File

// Those that decide which int8 kernels run, as the kernel names them.
private val INSTRUCTION_SETS = listOf(
    "avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm", "sve", "sve2", "sme",
)

/** The device that a figure was measured on: without it, a latency says nothing. */
class Machine internal constructor(
    val cpu: String,
    val instructionSets: List<String>,
    val cores: Int,
    val memoryMb: Long?,
    val system: String,
    val versions: Map<String, String>,
) {
    internal companion object {
        fun here(): Machine {
            val lines = read("/proc/cpuinfo").lines().map { it.split(':', limit = 2).map(String::trim) }.filter { it.size == 2 }
            fun line(vararg names: String) = lines.firstOrNull { it[0] in names }?.get(1)
            val flags = line("flags", "Features").orEmpty().split(' ')
            return Machine(
                cpu = chip() ?: line("model name", "Hardware") ?: "unknown",
                instructionSets = INSTRUCTION_SETS.filter { it in flags },
                cores = Runtime.getRuntime().availableProcessors(),
                memoryMb = kilobytes("/proc/meminfo", "MemTotal")?.let { it * 1024 / 1_000_000 },
                system = "${System.getProperty("os.name")} ${System.getProperty("os.version")}",
                versions = mapOf("onnxruntime" to Engine.version),
            )
        }
    }
}

/** Return the maker and name of the chip, as Android 12 tells it; null elsewhere. */
private fun chip(): String? = runCatching {
    val build = Class.forName("android.os.Build")
    listOf("SOC_MANUFACTURER", "SOC_MODEL").joinToString(" ") { build.getField(it).get(null) as String }
}.getOrNull()

/** The most memory that this process has held, in MB. */
internal fun peakMemory(): Double? = kilobytes("/proc/self/status", "VmHWM")?.let { it * 1024 / 1e6 }

private fun kilobytes(path: String, name: String): Long? =
    read(path).lines().firstOrNull { it.startsWith("$name:") }?.filter { it.isDigit() }?.toLongOrNull()

private fun read(path: String): String = runCatching { File(path).readText() }.getOrDefault("")
