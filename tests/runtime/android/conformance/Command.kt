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
            println(if (arguments[0] == "bench") bench(bundle) else Model.load(bundle).use { it.describe() })
        } catch (error: EdgeAttnError) {
            System.err.println(error.message)
            exitProcess(2)
        }
    }
}
