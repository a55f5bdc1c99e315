package dev.ancilla.engine;

import dev.ancilla.EventLoop;
import dev.ancilla.Feature;
import dev.ancilla.ProviderInfo;
import dev.ancilla.UnsupportedFeatureException;
import dev.ancilla.spi.Descriptors;
import dev.ancilla.spi.Provider;
import dev.ancilla.spi.SocketKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds the providers once, keeps one event loop for each, and tells why one is missing. */
public final class Providers {
  private static final System.Logger LOG = System.getLogger(Providers.class.getName());

  // "dev/ancilla/Some has been compiled by ... (class file version 66.0), this version ...".
  private static final Pattern CLASS_VERSION =
      Pattern.compile("(\\S+) has been compiled .*?\\(class file version (\\d{1,5})\\.");
  // Java 1 counts as 45, and each version since as one more.
  private static final int FIRST_CLASS_VERSION = 44;

  private final List<Provider> usable = new ArrayList<>();
  private final List<ProviderInfo> all = new ArrayList<>();
  private final Map<Provider, EventLoop> loops = new ConcurrentHashMap<>();

  private static final class Holder {
    static final Providers INSTANCE = new Providers();
  }

  private Providers() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    load(ServiceLoader.load(Provider.class, Providers.class.getClassLoader()).iterator());
    if (loader != null && loader != Providers.class.getClassLoader()) {
      load(ServiceLoader.load(Provider.class, loader).iterator());
    }
    usable.sort(Comparator.comparingInt(Provider::priority).reversed());
    all.sort(Comparator.comparingInt(ProviderInfo::priority).reversed());
  }

  /**
   * A provider that cannot be loaded here is not an error: a JDK 17 that meets a provider for 22
   * throws UnsupportedClassVersionError from hasNext, denied native access is an
   * IllegalCallerException, and a provider may throw what it should not. Each is told once and the
   * iteration goes on; a loader that failed the same way twice in a row is not asked again.
   */
  private void load(Iterator<Provider> found) {
    String last = "";
    while (true) {
      try {
        if (!found.hasNext()) {
          return;
        }
        add(found.next());
      } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
        String reason = reasonOf(e.getCause() == null ? e : e.getCause());
        if (reason.equals(last)) {
          return;
        }
        last = reason;
        if (all.stream().anyMatch(known -> reason.equals(known.unavailable()))) {
          continue; // The context's loader finds again what the library's own found.
        }
        LOG.log(System.Logger.Level.DEBUG, "a provider cannot be loaded: {0}", reason);
        all.add(new ProviderInfo("(not loaded)", reason, Integer.MIN_VALUE, Map.of(), 0));
      }
    }
  }

  /** What a provider for a newer Java needs is told in numbers of Java, not of class files. */
  private static String reasonOf(Throwable failure) {
    String text = failure.toString();
    if (failure instanceof UnsupportedClassVersionError) {
      Matcher matcher = CLASS_VERSION.matcher(text);
      if (matcher.find()) {
        int needed = Integer.parseInt(matcher.group(2)) - FIRST_CLASS_VERSION;
        return matcher.group(1).replace('/', '.')
            + " needs Java "
            + needed
            + " or newer, this is "
            + Runtime.version().feature();
      }
    }
    return text;
  }

  private void add(Provider provider) {
    if (all.stream().anyMatch(known -> known.name().equals(provider.name()))) {
      return;
    }
    String unavailable = provider.unavailable();
    Map<SocketKind, Set<Feature>> features = new EnumMap<>(SocketKind.class);
    if (unavailable == null) {
      for (SocketKind kind : provider.kinds()) {
        features.put(kind, provider.features(kind));
      }
    } else {
      LOG.log(
          System.Logger.Level.DEBUG,
          "provider {0} is unavailable: {1}",
          provider.name(),
          unavailable);
    }
    all.add(
        new ProviderInfo(
            provider.name(),
            unavailable,
            provider.priority(),
            Collections.unmodifiableMap(features),
            unavailable == null ? provider.descriptorLimit() : 0));
    if (unavailable == null) {
      usable.add(provider);
    }
  }

  /**
   * Tells which providers there are.
   *
   * @return all of them, highest rank first
   */
  public static List<ProviderInfo> describe() {
    return List.copyOf(Holder.INSTANCE.all);
  }

  /**
   * Returns how descriptors are opened.
   *
   * @return the descriptors of the highest provider that has them
   */
  public static Descriptors descriptors() {
    return descriptors("a descriptor", Feature.FD_PASSING);
  }

  static Descriptors descriptors(String request, Feature needed) {
    Set<Feature> features = EnumSet.of(Feature.FD_PASSING, needed);
    Provider provider = choose(SocketKind.UNIX_DGRAM, features, request);
    Descriptors descriptors = provider.descriptors();
    if (descriptors == null) {
      throw new IllegalStateException(provider.name() + " passes descriptors but opens none");
    }
    return descriptors;
  }

  static Provider choose(SocketKind kind, Set<Feature> needed, String request) {
    Providers self = Holder.INSTANCE;
    String forced = forced();
    List<Provider> candidates = new ArrayList<>();
    for (Provider provider : self.usable) {
      if (provider.kinds().contains(kind)) {
        if (provider.name().equals(forced)) {
          return checked(provider, kind, needed, request);
        }
        candidates.add(provider);
      }
    }
    if (forced != null) {
      self.checkForced(forced);
    }
    for (Provider provider : candidates) {
      if (provider.features(kind).containsAll(needed)) {
        return provider;
      }
    }
    if (candidates.isEmpty()) {
      throw new UnsupportedOperationException(
          request + ": no provider offers " + kind + " here; " + self.reasons());
    }
    return checked(candidates.get(0), kind, needed, request);
  }

  private static Provider checked(
      Provider provider, SocketKind kind, Set<Feature> needed, String request) {
    for (Feature feature : needed) {
      if (!provider.features(kind).contains(feature)) {
        throw new UnsupportedFeatureException(feature, provider.name(), request);
      }
    }
    return provider;
  }

  private static @Nullable String forced() {
    String property = System.getProperty("ancilla.provider");
    String name = property == null ? System.getenv("ANCILLA_PROVIDER") : property;
    return name == null || name.isBlank() ? null : name;
  }

  private void checkForced(String forced) {
    for (ProviderInfo info : all) {
      if (info.name().equals(forced) && info.available()) {
        return; // It is there but does not offer this kind: the others serve it.
      }
    }
    throw new UnsupportedOperationException(
        "provider " + forced + " was asked for and is not available; " + reasons());
  }

  private String reasons() {
    StringBuilder text = new StringBuilder("providers found:");
    for (ProviderInfo info : all) {
      text.append(' ')
          .append(info.name())
          .append(info.available() ? " (available)" : " (unavailable: " + info.unavailable() + ")");
    }
    return text.toString();
  }

  static EventLoop loopOf(Provider provider) {
    return Holder.INSTANCE.loops.computeIfAbsent(provider, p -> p.openLoop("ancilla-" + p.name()));
  }
}
