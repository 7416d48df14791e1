// Opens or times a bundle, for tests that make bundles of their own.

package edgeattn

import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

object Command {
    @JvmStatic
    fun main(arguments: Array<String>) = runBlocking {
        try {
            val bundle = File(arguments[1])
            val kernels = "--no-kernels" !in arguments
            val bench = arguments[0] == "bench"
            println(if (bench) bench(bundle, kernels = kernels) else Model.load(bundle, kernels = kernels).use { it.describe() })
        } catch (error: EdgeAttnError) {
            System.err.println(error.message)
            exitProcess(2)
        }
    }
}
