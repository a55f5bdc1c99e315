package dev.ancilla.junix;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;

/**
 * What junixsocket can do and does not offer publicly. The class path allows the access; the module
 * path needs {@code --add-opens}. Everything here has a lesser public way beside it.
 */
final class Internals {
  /** Room for junixsocket's union of all the address types it knows. */
  static final int SOCKADDR_SIZE = 128;

  private static final int OPT_NON_BLOCKING = option("OPT_NON_BLOCKING");
  private static final int OPT_PEEK = option("OPT_PEEK");
  private static final @Nullable Internals INSTANCE = find();

  private final Method ancillaryOfSocket;
  private final Method setAncillaryReceiveBufferSize0;
  private final Method disconnect;
  private final Method receive;

  private Internals() throws ReflectiveOperationException {
    String home = "org.newsclub.net.unix.";
    Class<?> ancillary = Class.forName(home + "AncillaryDataSupport");
    Class<?> natives = Class.forName(home + "NativeUnixSocket");
    Class<?> socket = Class.forName(home + "AFDatagramSocket");
    ancillaryOfSocket = method(socket, "getAncillaryDataSupport");
    setAncillaryReceiveBufferSize0 = method(ancillary, "setAncillaryReceiveBufferSize0", int.class);
    disconnect = method(natives, "disconnect", FileDescriptor.class);
    receive =
        method(
            natives,
            "receive",
            FileDescriptor.class,
            ByteBuffer.class,
            int.class,
            int.class,
            ByteBuffer.class,
            int.class,
            ancillary,
            int.class);
  }

  /**
   * Returns the access, if there is any.
   *
   * @return the internals, or {@code null}
   */
  static @Nullable Internals get() {
    return INSTANCE;
  }

  /** Finds methods; fails where they cannot be reached. */
  @FunctionalInterface
  interface Finding<T> {
    T find() throws ReflectiveOperationException;
  }

  private static @Nullable Internals find() {
    return ifAccessible(Internals::new);
  }

  static <T> @Nullable T ifAccessible(Finding<T> finding) {
    try {
      return finding.find();
    } catch (ReflectiveOperationException | RuntimeException closed) {
      System.getLogger(Internals.class.getName())
          .log(System.Logger.Level.DEBUG, "no access to junixsocket: {0}", closed.toString());
      return null;
    }
  }

  private static int option(String name) {
    try {
      Class<?> natives = Class.forName("org.newsclub.net.unix.NativeUnixSocket");
      var field = natives.getDeclaredField(name);
      field.setAccessible(true);
      return field.getInt(null);
    } catch (ReflectiveOperationException | RuntimeException closed) {
      return 0; // Then there is no instance either.
    }
  }

  static Method method(Class<?> home, String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    Method method = home.getDeclaredMethod(name, parameters);
    method.setAccessible(true);
    return method;
  }

  void setAncillaryReceiveBufferSize(AFUNIXDatagramChannel channel, int bytes) {
    try {
      call(setAncillaryReceiveBufferSize0, ancillaryOf(channel), bytes);
    } catch (IOException e) {
      throw new IllegalStateException(e); // Neither makes a system call.
    }
  }

  void disconnect(FileDescriptor fd) throws IOException {
    call(disconnect, null, fd);
  }

  /** Finds what a channel keeps the descriptors of its messages in, for {@link #receive}. */
  Object ancillaryOf(AFUNIXDatagramChannel channel) throws IOException {
    return Objects.requireNonNull(call(ancillaryOfSocket, channel.socket()));
  }

  /**
   * Receives or looks at one message: recvmsg(2) without detours.
   *
   * @param bytes a direct buffer; the message goes to its beginning
   * @param length how much of the buffer to use
   * @param sender a direct buffer, zeroed by the call and filled with the sender's sockaddr_un
   * @param ancillary takes the descriptors; {@code null} installs none
   * @return the number of bytes, 0 if there is no message, -1 if it is empty
   */
  int receive(
      FileDescriptor fd,
      ByteBuffer bytes,
      int length,
      ByteBuffer sender,
      boolean peek,
      @Nullable Object ancillary)
      throws IOException {
    int options = peek ? OPT_NON_BLOCKING | OPT_PEEK : OPT_NON_BLOCKING;
    Object count = call(receive, null, fd, bytes, 0, length, sender, options, ancillary, 0);
    return (Integer) Objects.requireNonNull(count);
  }

  static @Nullable Object call(
      Method method, @Nullable Object receiver, @Nullable Object... arguments) throws IOException {
    try {
      return method.invoke(receiver, arguments);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
