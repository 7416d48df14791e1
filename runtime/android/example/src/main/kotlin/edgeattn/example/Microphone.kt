package edgeattn.example

import android.annotation.SuppressLint
import android.media.AudioFormat
import android.media.AudioRecord
import android.media.MediaRecorder
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.isActive

/** Emit what the microphone records, a tenth of a second at a time, for as long as it is collected. */
@SuppressLint("MissingPermission") // the screen asks for it
fun microphone(rate: Int): Flow<FloatArray> = flow {
    val (mono, short) = AudioFormat.CHANNEL_IN_MONO to AudioFormat.ENCODING_PCM_16BIT
    val recorded = ShortArray(rate / 10)
    val room = maxOf(AudioRecord.getMinBufferSize(rate, mono, short), 8 * recorded.size)
    val recorder = AudioRecord(MediaRecorder.AudioSource.VOICE_RECOGNITION, rate, mono, short, room)
    try {
        recorder.startRecording()
        while (currentCoroutineContext().isActive) {
            val count = recorder.read(recorded, 0, recorded.size)
            check(count >= 0) { "the microphone failed: $count" }
            emit(FloatArray(count) { recorded[it] / LOUDEST })
        }
    } finally {
        recorder.release()
    }
}.flowOn(Dispatchers.IO)

private const val LOUDEST = 32768f // of samples of 16 bits
