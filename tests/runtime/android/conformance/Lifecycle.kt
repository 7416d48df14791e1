// Cancels, times out, closes and breaks off calls, and prints how each ended.
//
//     Lifecycle ENDLESS.edge DECODER.edge LONG.edge

package edgeattn

import edgeattn.example.load
import java.io.File
import java.lang.management.ManagementFactory
import kotlin.io.path.createTempDirectory
import kotlin.io.path.createTempFile
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.withContext

object Lifecycle {
    @JvmStatic
    fun main(arguments: Array<String>) = runBlocking {
        val (endless, decoder, long) = arguments.map(::File)
        val model = Model.load(endless)
        val input = mapOf("x" to Tensor.of(floatArrayOf(1f), 1))

        endOf("cancelled") {
            supervisorScope {
                val call = async { model.run(input) } // on the one thread that there is, which is not blocked
                delay(300)
                call.cancel()
                "${call.await().size} outputs"
            }
        }
        endOf("cancelled on IO") {
            withContext(Dispatchers.IO) {
                supervisorScope {
                    val call = async { model.run(input) } // on its caller's thread
                    delay(300)
                    call.cancel()
                    "${call.await().size} outputs"
                }
            }
        }
        endOf("running on") {
            delay(1000)
            val before = processorTime()
            delay(1000)
            "${processorTime() - before > 0.5}"
        }
        endOf("late") { "${model.run(input, deadline = 300.milliseconds).size} outputs" }
        endOf("closed while it runs") {
            supervisorScope {
                val call = async(Dispatchers.Default) { model.run(input, deadline = 600.milliseconds) }
                delay(300)
                model.close()
                "${call.await().size} outputs"
            }
        }
        endOf("closed") {
            model.close()
            "${model.run(input).size} outputs"
        }
        Model.load(decoder).use { other ->
            endOf("broken off") { "${other.generate(Prompt.Tokens(listOf(4, 7, 1))).take(2).toList()}" }
            endOf("pieces cancelled") {
                supervisorScope {
                    val tokens = mutableListOf<Int>()
                    val call = async {
                        other.generate(Prompt.Tokens(listOf(4, 7, 1))).collect {
                            tokens += it
                            coroutineContext.cancel()
                        }
                        "$tokens as if complete"
                    }
                    call.await()
                }
            }
            endOf("refused") { "${other.generate(Prompt.Tokens(emptyList())).toList()}" }
        }
        endOf("read too late") { // of what was made before the end only as much has come as a flow holds
            Model.load(long).use { other ->
                var count = 0
                other.generate(Prompt.Tokens(listOf(1)), GenerationOptions(deadline = 1.seconds)).collect {
                    if (count == 0) delay(1500)
                    count += 1
                }
                "$count tokens"
            }
        }
        endOf("installed") {
            val folder = createTempDirectory().toFile()
            try {
                val place = folder.resolve("x.edge")
                val results = Model.install(decoder, over = place)
                "${results.isNotEmpty() && results == Model.load(place).use { it.check() }}"
            } finally {
                folder.deleteRecursively()
            }
        }
        endOf("loaded from assets") {
            val file = createTempFile().toFile()
            try {
                val expected = Model.load(decoder).use { it.check() }
                "${Package(file, decoder.parentFile).load(decoder.name).use { it.check() } == expected}"
            } finally {
                file.delete()
            }
        }
        endOf("loaded without a file") { Model.load(mapOf("manifest.json" to BundleFile(-1, 0, 100))).describe() }
        endOf("loaded compressed") { Model.load(mapOf("manifest.json" to BundleFile(0, 0, -1))).describe() }
        endOf("installed over a file") { "${Model.install(decoder, over = decoder.resolve("manifest.json")).size} results" }
    }

    private suspend fun endOf(what: String, body: suspend () -> String) {
        val end = try {
            body()
        } catch (_: CancellationException) {
            "CancellationException"
        } catch (error: EdgeAttnError) {
            error::class.simpleName
        }
        println("$what: $end")
    }

    /** Processor time of this process in seconds. */
    private fun processorTime(): Double =
        (ManagementFactory.getOperatingSystemMXBean() as com.sun.management.OperatingSystemMXBean).processCpuTime / 1e9
}
