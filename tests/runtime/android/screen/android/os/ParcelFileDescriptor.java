package android.os;

import java.io.Closeable;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

public class ParcelFileDescriptor implements Closeable {
  public static final int MODE_READ_ONLY = 0x10000000;
  private final File file;
  private final RandomAccessFile opened;

  private ParcelFileDescriptor(File file) throws FileNotFoundException {
    this.file = file;
    this.opened = new RandomAccessFile(file, "r");
  }

  public static ParcelFileDescriptor open(File file, int mode) throws FileNotFoundException {
    return new ParcelFileDescriptor(file);
  }

  /** Returns one by which Linux has the file open: a JVM keeps its own to itself. */
  public int getFd() {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path each : all) {
        if (Files.exists(each) && Files.isSameFile(each, file.toPath())) return Integer.parseInt(each.getFileName().toString());
      }
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
    throw new IllegalStateException(file + ": not open");
  }

  @Override
  public void close() throws IOException {
    opened.close();
  }
}
