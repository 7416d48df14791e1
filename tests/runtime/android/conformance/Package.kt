package edgeattn

import android.content.res.AssetFileDescriptor
import android.content.res.AssetManager
import android.os.ParcelFileDescriptor
import java.io.File
import java.io.IOException

/** Assets that lie one behind the other in one file, as in an app's package. */
internal class Package(private val file: File, private val assets: File) : AssetManager() {
    private val places = mutableMapOf<String, LongRange>()

    init {
        file.writeText("PK") // so that no asset begins on a page
        for (asset in assets.walk().filter { it.isFile }) {
            places[asset.toRelativeString(assets)] = file.length() until file.length() + asset.length()
            file.appendBytes(asset.readBytes())
        }
    }

    override fun list(path: String): Array<String> = assets.resolve(path).list() ?: emptyArray()

    override fun openFd(path: String): AssetFileDescriptor {
        val place = places[path] ?: throw IOException("$path: not found")
        return AssetFileDescriptor(ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY), place.first, place.last + 1 - place.first)
    }
}
