package edgeattn.example

import edgeattn.EdgeAttnError
import edgeattn.MediaFile
import edgeattn.Model
import edgeattn.Prompt
import edgeattn.generateText
import edgeattn.prepareSoundFiles
import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

/** Takes down what is said in a WAV file, as it is spelled: `Dictation dictation.edge speech.wav`. */
object Dictation {
    @JvmStatic
    fun main(words: Array<String>) = runBlocking {
        try {
            Model.load(File(words[0])).use { model ->
                val sound = model.prepareSoundFiles(listOf(MediaFile(File(words[1]))))
                model.generateText(Prompt.Sources(sound)).collect(::show)
                show("\n")
            }
        } catch (error: EdgeAttnError) {
            System.err.println("Dictation: ${error.message}")
            exitProcess(2)
        }
    }
}
