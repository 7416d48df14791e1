package edgeattn.example

import edgeattn.EdgeAttnError
import edgeattn.GenerationOptions
import edgeattn.Model
import edgeattn.Prompt
import edgeattn.generateText
import java.io.File
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

/**
 * Tells how a story goes on, as it is made up: `Story story.edge "Emma was" [SEED]`. The same seed tells the same story, in every
 * language.
 */
object Story {
    @JvmStatic
    fun main(words: Array<String>) = runBlocking {
        try {
            val options = GenerationOptions(temperature = 0.8, topP = 0.9, seed = words.getOrNull(2)?.toUInt())
            Model.load(File(words[0])).use { model ->
                show(words[1])
                model.generateText(Prompt.Text(words[1]), options).collect(::show)
                show("\n")
            }
        } catch (error: EdgeAttnError) {
            System.err.println("Story: ${error.message}")
            exitProcess(2)
        }
    }
}

/** Prints a piece of text at once. */
internal fun show(text: String) {
    print(text)
    System.out.flush()
}
