package edgeattn.example

import android.content.res.AssetFileDescriptor
import android.content.res.AssetManager
import edgeattn.BundleFile
import edgeattn.Model

/** Opens a bundle where it lies in the app's package: `noCompress` of the build keeps assets as they are. */
suspend fun AssetManager.load(bundle: String): Model {
    val opened = mutableMapOf<String, AssetFileDescriptor>()
    try {
        for (name in files(bundle)) opened[name.removePrefix("$bundle/")] = openFd(name)
        return Model.load(opened.mapValues { (_, asset) -> BundleFile(asset.parcelFileDescriptor.fd, asset.startOffset, asset.length) })
    } finally {
        opened.values.forEach { it.close() }
    }
}

private fun AssetManager.files(path: String): List<String> =
    list(path).orEmpty().let { names -> if (names.isEmpty()) listOf(path) else names.flatMap { files("$path/$it") } }
