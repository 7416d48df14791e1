// Times calls of a bundle, as an app makes them: for each line that comes, so many in a row, of which the least and the
// median are printed, in ms. tests/bench/bench_languages.py asks.
//
//     Latency NAME.edge TEXT|IMAGE.png CALLS [IO]     IO calls from a thread of Dispatchers.IO, which makes the call itself

package edgeattn

import java.io.File
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking

object Latency {
    @JvmStatic
    fun main(words: Array<String>) = runBlocking(if ("IO" in words) Dispatchers.IO else EmptyCoroutineContext) {
        val model = Model.load(File(words[0]))
        val inputs = if (words[1].endsWith(".png")) {
            model.prepareImageFiles(listOf(MediaFile(File(words[1]))))
        } else {
            model.prepareTexts(listOf(words[1]))
        }
        while (readlnOrNull() != null) {
            val times = DoubleArray(words[2].toInt()) {
                val start = System.nanoTime()
                model.run(inputs)
                (System.nanoTime() - start) / 1e6
            }
            times.sort()
            println("${times[0]} ${times[times.size / 2]}")
        }
    }
}
