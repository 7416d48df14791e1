package edgeattn

/**
 * What the core handed out: it is freed once it is closed and no call uses it, whichever comes last. Closing twice is fine.
 *
 * @property what it is, as an error names it
 */
internal class Handle(private val address: Long, private val what: String, private val free: (Long) -> Unit) : AutoCloseable {
    private var users = 0
    private var isClosed = false

    inline fun <Result> use(body: (Long) -> Result): Result {
        enter()
        try {
            return body(address)
        } finally {
            leave()
        }
    }

    @Synchronized
    private fun enter() {
        requireInput(!isClosed) { "a closed $what found, an open one expected; make it again" }
        users += 1
    }

    @Synchronized
    private fun leave() {
        users -= 1
        if (isClosed && users == 0) free(address)
    }

    @Synchronized
    override fun close() {
        if (isClosed) return
        isClosed = true
        if (users == 0) free(address)
    }
}
