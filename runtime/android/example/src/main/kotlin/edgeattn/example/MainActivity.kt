package edgeattn.example

import android.app.Activity
import android.os.Bundle
import android.view.Gravity
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import edgeattn.EdgeAttnError
import java.io.File
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.launch

/** One screen: draw a digit, and see what the model reads. `digits.edge` lies in src/main/assets. */
class MainActivity : Activity() {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)
    private val reader = scope.async { DigitReader.load(unpacked("digits.edge")) }
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
        setContentView(LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            gravity = Gravity.CENTER_HORIZONTAL
            setPadding(48, 96, 48, 48)
            listOf(paper, answer, others, clear).forEach { addView(it) }
        })
    }

    override fun onDestroy() {
        super.onDestroy()
        reading?.cancel()
        scope.launch { reader.await().close() }
    }

    private fun text(words: String, size: Float) = TextView(this).apply {
        text = words
        textSize = size
        gravity = Gravity.CENTER_HORIZONTAL
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

    /** Copy a bundle out of the app's assets, anew after each update: onnxruntime opens files, and checks are of a folder. */
    private fun unpacked(name: String): File {
        val folder = File(noBackupFilesDir, name)
        val made = File(noBackupFilesDir, "$name.made")
        if (made.lastModified() < packageManager.getPackageInfo(packageName, 0).lastUpdateTime) {
            folder.deleteRecursively()
            copy(name, folder)
            made.delete()
            made.createNewFile()
        }
        return folder
    }

    private fun copy(asset: String, to: File) {
        val parts = assets.list(asset).orEmpty()
        if (parts.isEmpty()) {
            assets.open(asset).use { from -> to.outputStream().use { from.copyTo(it) } }
        } else {
            to.mkdirs()
            parts.forEach { copy("$asset/$it", File(to, it)) }
        }
    }
}
