package edgeattn.example

import android.Manifest
import android.app.Activity
import android.content.pm.PackageManager
import android.os.Bundle
import android.widget.Button
import android.widget.TextView
import edgeattn.EdgeAttnError
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.launch

/** A screen that shows the words that are said. `keywords.edge` lies in src/main/assets. */
class KeywordsActivity : Activity() {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)
    private val spotter = scope.async { WordSpotter(assets.load("keywords.edge")) }
    private var listening: Job? = null
    private lateinit var word: TextView
    private lateinit var button: Button

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        word = text("–", 56f)
        button = Button(this).apply { setOnClickListener { if (listening == null) listen() else stop() } }
        button.text = "Listen"
        setContentView(column(text("Say a word", 18f), word, button))
    }

    override fun onStop() {
        super.onStop()
        stop()
    }

    override fun onDestroy() {
        super.onDestroy()
        scope.launch { spotter.await().close() }
    }

    private fun listen() {
        if (checkSelfPermission(Manifest.permission.RECORD_AUDIO) != PackageManager.PERMISSION_GRANTED) {
            return requestPermissions(arrayOf(Manifest.permission.RECORD_AUDIO), 0) // and tap again
        }
        button.text = "Stop"
        listening = scope.launch {
            try {
                spotter.await().words(microphone(WordSpotter.RATE)).collect { show(it.name) }
            } catch (error: EdgeAttnError) {
                show(error.message.orEmpty())
            }
        }
    }

    private fun stop() {
        listening?.cancel()
        listening = null
        button.text = "Listen"
    }

    private fun show(words: String) = runOnUiThread { word.text = words }
}
