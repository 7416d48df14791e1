package edgeattn.example

import android.app.Activity
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

/** A screen to draw a digit on, and see what the model reads. `digits.edge` lies in src/main/assets. */
class DigitsActivity : Activity() {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)
    private val reader = scope.async { DigitReader(assets.load("digits.edge")) }
    private var reading: Job? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val answer = text("–", 72f)
        val others = text("Draw a digit", 18f)
        val paper = DrawingView(this) { drawing -> read(drawing, answer, others) }
        val clear = Button(this).apply {
            text = "Clear"
            setOnClickListener {
                paper.clear()
                answer.text = "–"
                others.text = "Draw a digit"
            }
        }
        setContentView(column(paper, answer, others, clear))
    }

    override fun onDestroy() {
        super.onDestroy()
        reading?.cancel()
        scope.launch { reader.await().close() }
    }

    /** Read on another thread than the screen's; what was read before and did not end is let go. */
    private fun read(drawing: Drawing, answer: TextView, others: TextView) {
        reading?.cancel()
        reading = scope.launch {
            val (first, second) = try {
                val labels = reader.await().read(drawing)
                labels[0].name to "or ${labels[1].name}, ${labels[2].name}"
            } catch (error: EdgeAttnError) {
                "–" to error.message.orEmpty()
            }
            runOnUiThread {
                answer.text = first
                others.text = second
            }
        }
    }
}
