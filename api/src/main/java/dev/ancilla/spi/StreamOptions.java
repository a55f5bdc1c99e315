package dev.ancilla.spi;

/**
 * What a builder asks of a stream socket, or of those that a server accepts; the engine has checked
 * it against the provider's features.
 *
 * @param maxDescriptors how many descriptors a read may bring; 0 lets the kernel discard them
 */
public record StreamOptions(int maxDescriptors) {}
