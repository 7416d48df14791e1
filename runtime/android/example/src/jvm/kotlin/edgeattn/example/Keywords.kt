package edgeattn.example

import edgeattn.EdgeAttnError
import edgeattn.MediaFile
import edgeattn.Model
import edgeattn.SoundInput
import java.io.File
import java.util.Locale
import kotlin.system.exitProcess
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.runBlocking

/** Prints the words that it hears in a WAV file: `Keywords keywords.edge speech.wav`. */
object Keywords {
    @JvmStatic
    fun main(words: Array<String>) = runBlocking {
        try {
            val sound = SoundInput.read(MediaFile(File(words[1])))
            check(sound.rate == WordSpotter.RATE) { "${sound.rate} Hz found, ${WordSpotter.RATE} expected; resample it first" }
            WordSpotter(Model.load(File(words[0]))).use { spotter ->
                spotter.words(flowOf(sound.channels[0])).collect { println("%.1f s  %s".format(Locale.ROOT, it.second, it.name)) }
            }
        } catch (error: EdgeAttnError) {
            System.err.println("Keywords: ${error.message}")
            exitProcess(2)
        }
    }
}
