/** The provider of UDP over the JDK's own channels. Not exported. */
@NullMarked
package dev.ancilla.jdk;

import org.jspecify.annotations.NullMarked;
