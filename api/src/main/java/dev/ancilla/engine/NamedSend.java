package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import dev.ancilla.spi.Deadline;
import dev.ancilla.spi.PendingSend;
import dev.ancilla.spi.Wait;
import java.io.IOException;
import java.io.InterruptedIOException;

/** A send to a name: it has to wait until the name has an address. */
final class NamedSend implements PendingSend {
  private final OpenDgram.Send send;
  private final Lookup lookup;
  private final EventLoop loop;
  private boolean aimed;

  NamedSend(OpenDgram.Send send, Lookup lookup, EventLoop loop) {
    this.send = send;
    this.lookup = lookup;
    this.loop = loop;
  }

  @Override
  public boolean attempt() throws IOException {
    if (!aimed) {
      if (!lookup.isDone()) {
        return false;
      }
      send.aim(lookup.result());
      aimed = true;
    }
    return send.attempt();
  }

  @Override
  public Wait arm(Runnable wake) {
    return aimed ? send.arm(wake) : lookup.arm(loop, wake);
  }

  @Override
  public boolean await(Deadline deadline) throws InterruptedIOException {
    return aimed ? send.await(deadline) : lookup.await(deadline);
  }

  @Override
  public void close() {
    lookup.close();
    send.close();
  }
}
