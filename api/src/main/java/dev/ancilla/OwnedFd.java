package dev.ancilla;

import dev.ancilla.engine.FdChannel;
import dev.ancilla.engine.FdStreams;
import dev.ancilla.engine.Providers;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.FdHandle;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;

/**
 * One open descriptor of this process, with one owner.
 *
 * <p><b>Ownership.</b> Whoever holds an {@code OwnedFd} closes it. A forgotten one is closed when
 * the garbage collector finds it, with a warning in the log.
 *
 * <p><b>Closing.</b> {@link #close()} may be called from any thread, also while the descriptor is
 * being read or sent: the number is given back to the kernel when the last such use has ended, so
 * that none ever touches a number that means another file by then.
 *
 * <p><b>Platforms.</b> Opening needs a provider with descriptors ({@link Feature#FD_PASSING});
 * every descriptor made here is close-on-exec.
 *
 * <pre>{@code
 * Path path = Path.of("/etc/hostname");
 * try (OwnedFd file = OwnedFd.open(path, StandardOpenOption.READ);
 *     InputStream content = file.inputStream()) {
 *   System.out.println("descriptor " + file.number());
 *   content.transferTo(System.out);
 * }
 * }</pre>
 */
public final class OwnedFd implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final State state;
  private final Cleaner.Cleanable cleanable;

  private OwnedFd(FdHandle handle) {
    this.state = new State(handle);
    this.cleanable = CLEANER.register(this, state);
  }

  /**
   * A pipe: what is written to one end is read from the other.
   *
   * @param reader the end to read from, owned by the caller
   * @param writer the end to write to, owned by the caller
   */
  public record Pipe(OwnedFd reader, OwnedFd writer) implements AutoCloseable {
    /** Closes both ends. */
    @Override
    public void close() {
      reader.close();
      writer.close();
    }
  }

  /**
   * Keeps a descriptor open until it is closed itself; the owner's {@link OwnedFd#close()} then
   * waits for it without blocking.
   */
  public final class Hold implements AutoCloseable {
    private boolean released; // guarded by the state

    private Hold() {}

    /**
     * Returns the provider's handle of the descriptor, valid until this hold is closed.
     *
     * @return the handle
     */
    public FdHandle handle() {
      return state.handle;
    }

    /** Lets the descriptor go. Idempotent. */
    @Override
    public void close() {
      state.release(this);
    }
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @param options how to open it, as for {@link java.nio.channels.FileChannel#open}; for reading
   *     if none is given
   * @return the descriptor, owned by the caller
   * @throws IOException if the file cannot be opened
   */
  public static OwnedFd open(Path path, OpenOption... options) throws IOException {
    return new OwnedFd(descriptors().open(path, List.of(options)));
  }

  /**
   * Opens a pipe.
   *
   * @return both ends, owned by the caller
   * @throws IOException if the process can open no more descriptors
   */
  public static Pipe pipe() throws IOException {
    List<FdHandle> ends = descriptors().pipe();
    return new Pipe(new OwnedFd(ends.get(0)), new OwnedFd(ends.get(1)));
  }

  /**
   * Opens a memory file without a name, as {@code memfd_create(2)} does.
   *
   * @param name a name for {@code /proc/self/fd}
   * @return the descriptor, owned by the caller
   * @throws UnsupportedFeatureException without {@link Feature#MEMFD}
   * @throws IOException if the kernel refuses
   */
  public static OwnedFd memfd(String name) throws IOException {
    return new OwnedFd(descriptors().memfd(name));
  }

  /**
   * Takes over an open descriptor by its number. Nobody else may close it from now on.
   *
   * @param number the number, as in {@code /proc/self/fd}
   * @return the descriptor, owned by the caller
   * @throws IllegalArgumentException if the number is negative
   * @throws IOException if there is no such open descriptor
   */
  public static OwnedFd of(int number) throws IOException {
    if (number < 0) {
      throw new IllegalArgumentException("descriptor number is negative: " + number);
    }
    return new OwnedFd(descriptors().of(number));
  }

  /**
   * Duplicates a descriptor of the JDK, which stays as it is.
   *
   * @param descriptor an open descriptor
   * @return the duplicate, owned by the caller
   * @throws UnsupportedFeatureException without {@link Feature#JAVA_FILE_DESCRIPTOR}
   * @throws IOException if the descriptor is closed
   */
  public static OwnedFd duplicateOf(FileDescriptor descriptor) throws IOException {
    return new OwnedFd(descriptors().duplicateOf(descriptor));
  }

  /**
   * Wraps a provider's handle; for providers.
   *
   * @param handle the handle, which the result owns from now on
   * @return the descriptor, owned by the caller
   */
  public static OwnedFd wrap(FdHandle handle) {
    return new OwnedFd(handle);
  }

  private static Descriptors descriptors() {
    return Providers.descriptors();
  }

  /**
   * Returns the number of the descriptor.
   *
   * @return the number, as in {@code /proc/self/fd}; it means this file only while this is open
   * @throws ClosedChannelException if this is closed
   */
  public int number() throws ClosedChannelException {
    try (Hold hold = hold()) {
      return hold.handle().number();
    }
  }

  /**
   * Tells whether this still owns its descriptor.
   *
   * @return {@code false} after {@link #close()} or {@link #release()}
   */
  public boolean isOpen() {
    return !state.isClosed();
  }

  /**
   * Duplicates the descriptor; both mean the same open file ({@code dup(2)}).
   *
   * @return the duplicate, owned by the caller
   * @throws ClosedChannelException if this is closed
   * @throws IOException if the process can open no more descriptors
   */
  public OwnedFd duplicate() throws IOException {
    try (Hold hold = hold()) {
      return new OwnedFd(hold.handle().duplicate());
    }
  }

  /**
   * Gives the descriptor up without closing it: from now on the caller answers for the number.
   *
   * @return the number
   * @throws ClosedChannelException if this is closed
   * @throws IllegalStateException if the descriptor is in use
   */
  public int release() throws ClosedChannelException {
    int number = number();
    state.abandon();
    cleanable.clean();
    return number;
  }

  /**
   * Returns the descriptor as the JDK's type, for code that wants one. It is the same descriptor,
   * not a duplicate, and still owned by this.
   *
   * @return the JDK's descriptor
   * @throws UnsupportedFeatureException without {@link Feature#JAVA_FILE_DESCRIPTOR}
   * @throws ClosedChannelException if this is closed
   */
  public FileDescriptor fileDescriptor() throws ClosedChannelException {
    try (Hold hold = hold()) {
      return hold.handle().fileDescriptor();
    }
  }

  /**
   * Returns a channel over {@code read(2)}, {@code write(2)}, {@code pread(2)} and {@code
   * lseek(2)}. Its position is the open file's, which duplicates share. Closing it closes this.
   *
   * @return the channel; on what cannot be sought, a pipe or socket, only reading and writing work
   */
  public SeekableByteChannel channel() {
    return new FdChannel(this);
  }

  /**
   * Returns a stream that reads from the file's position. Closing it closes this.
   *
   * @return the stream
   */
  public InputStream inputStream() {
    return FdStreams.input(new FdChannel(this));
  }

  /**
   * Returns a stream that writes at the file's position. Closing it closes this.
   *
   * @return the stream
   */
  public OutputStream outputStream() {
    return FdStreams.output(new FdChannel(this));
  }

  /**
   * Keeps the descriptor open until the hold is closed.
   *
   * @return the hold, to be closed by the caller
   * @throws ClosedChannelException if this is closed
   */
  public Hold hold() throws ClosedChannelException {
    state.acquire();
    return new Hold();
  }

  /** Closes the descriptor, when its last use has ended. Idempotent; from any thread. */
  @Override
  public void close() {
    state.close();
    cleanable.clean();
  }

  @Override
  public String toString() {
    return "OwnedFd(" + (isOpen() ? Integer.toString(state.handle.number()) : "closed") + ")";
  }

  /**
   * The count of uses and the closed bit, apart from the owner so that the cleaner can reach it: it
   * runs this when the owner was closed, and then there is nothing to do, or when it was forgotten.
   */
  private static final class State implements Runnable {
    private final FdHandle handle;
    private int uses;
    private boolean closed;

    State(FdHandle handle) {
      this.handle = handle;
    }

    synchronized void acquire() throws ClosedChannelException {
      if (closed) {
        throw new ClosedChannelException();
      }
      uses++;
    }

    void release(Hold hold) {
      boolean last;
      synchronized (this) {
        if (hold.released) {
          return;
        }
        hold.released = true;
        uses--;
        last = closed && uses == 0;
      }
      if (last) {
        handle.close();
      }
    }

    boolean close() {
      synchronized (this) {
        if (closed) {
          return false;
        }
        closed = true;
        if (uses > 0) {
          return true;
        }
      }
      handle.close();
      return true;
    }

    synchronized void abandon() throws ClosedChannelException {
      if (closed) {
        throw new ClosedChannelException();
      }
      if (uses > 0) {
        throw new IllegalStateException("descriptor " + handle.number() + " is in use");
      }
      closed = true;
    }

    synchronized boolean isClosed() {
      return closed;
    }

    @Override
    public void run() {
      int number = isClosed() ? -1 : handle.number();
      if (close()) {
        System.getLogger(OwnedFd.class.getName())
            .log(
                System.Logger.Level.WARNING,
                "descriptor {0} was never closed; it is closed now",
                Integer.toString(number));
      }
    }
  }
}
