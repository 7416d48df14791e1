package edgeattn.example

import android.content.Context
import java.io.File

/** Copy a bundle out of the app's assets, anew after each update: onnxruntime opens files, and checks are of a folder. */
fun Context.unpacked(name: String): File {
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

private fun Context.copy(asset: String, to: File) {
    val parts = assets.list(asset).orEmpty()
    if (parts.isEmpty()) {
        assets.open(asset).use { from -> to.outputStream().use { from.copyTo(it) } }
    } else {
        to.mkdirs()
        parts.forEach { copy("$asset/$it", File(to, it)) }
    }
}
