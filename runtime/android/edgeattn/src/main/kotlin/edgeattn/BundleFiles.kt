package edgeattn

import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.file.Files
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.security.MessageDigest

private const val LARGEST_MANIFEST = 1L shl 20
private val FROM_DESKTOP = setOf(".DS_Store", "Thumbs.db") // what Finder or Explorer leaves in a folder that it shows

/** A bundle whose every file has been checked against its manifest. */
internal class BundleFiles(val folder: File) {
    val manifest: Manifest

    init {
        require(folder.isDirectory) { "$folder: the folder of a bundle expected; check the path" }
        try {
            val file = inside("manifest.json")
            require(file.length() <= LARGEST_MANIFEST) {
                "$file: ${file.length()} bytes found, at most $LARGEST_MANIFEST expected"
            }
            manifest = try {
                readManifest(Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(file.readBytes())).toString())
            } catch (error: BundleError) {
                throw BundleError("$file: ${error.message}", error)
            } catch (error: CharacterCodingException) {
                throw BundleError("$file: not UTF-8; copy the bundle again", error)
            }
            checkSizes()
            checkListed()
            for ((path, entry) in manifest.files) {
                val found = sha256(path(path))
                require(found == entry.sha256) {
                    "${path(path)}: sha256 ${found.take(12)}... found, ${entry.sha256.take(12)}... expected (changed); copy the bundle again"
                }
            }
        } catch (error: IOException) {
            throw BundleError("$folder: cannot be read (${error.message}); copy the bundle again", error)
        }
    }

    fun path(file: String) = File(folder, file)

    private fun checkSizes() {
        if (manifest.signature != null) {
            val found = inside("manifest.sig").length()
            require(found == 64L) { "${path("manifest.sig")}: $found bytes found, 64 expected; copy the bundle again" }
        }
        for ((file, entry) in manifest.files) {
            val found = inside(file).length()
            require(found == entry.size) {
                "${path(file)}: $found bytes found, ${entry.size} expected; copy the bundle again"
            }
        }
    }

    /** Check that the folder holds nothing else; links are not followed. */
    private fun checkListed() {
        val listed = manifest.files.keys + "manifest.json" + listOfNotNull(manifest.signature?.let { "manifest.sig" })
        Files.walk(folder.toPath()).use { paths ->
            paths.filter { !Files.isDirectory(it, NOFOLLOW_LINKS) }.forEach { path ->
                val file = folder.toPath().relativize(path).joinToString("/")
                val fromDesktop = "${path.fileName}" in FROM_DESKTOP && Files.isRegularFile(path, NOFOLLOW_LINKS)
                require(file in listed || fromDesktop) {
                    "${path(file)}: not listed in manifest.json; remove it or copy the bundle again"
                }
            }
        }
    }

    /** Return a file that is there, and within the folder once links are followed. */
    private fun inside(file: String): File {
        val path = path(file)
        val isInside = path.canonicalFile.startsWith(folder.canonicalFile)
        require(isInside) { "$path: a link that leaves the folder; copy the bundle with its links followed" }
        require(path.isFile) { "$path: no such file; copy the bundle again, whole" }
        return path
    }
}

/** Return the lowercase hex of a file's sha256. */
private fun sha256(file: File): String {
    val digest = MessageDigest.getInstance("SHA-256")
    file.inputStream().use { stream ->
        val part = ByteArray(1 shl 20)
        generateSequence { stream.read(part).takeIf { it > 0 } }.forEach { digest.update(part, 0, it) }
    }
    return digest.digest().joinToString("") { "%02x".format(it) }
}
