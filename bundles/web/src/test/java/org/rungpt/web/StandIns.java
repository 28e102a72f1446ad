package org.rungpt.web;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;

/** What stands for the container and for services where a test is about what lies between. */
final class StandIns {
    private StandIns() {}

    static <T> T of(Class<T> type, InvocationHandler does) {
        return type.cast(Proxy.newProxyInstance(StandIns.class.getClassLoader(), new Class<?>[] {type}, does));
    }

    /** The body of a request. */
    static final class Body extends ServletInputStream {
        private final ByteArrayInputStream in;

        Body(String text) {
            in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public int read() {
            return in.read();
        }

        @Override
        public boolean isFinished() {
            return in.available() == 0;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {}
    }

    /** What was answered, by somebody who takes it at once. */
    static final class Written extends ServletOutputStream {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        String text() {
            return out.toString(StandardCharsets.UTF_8);
        }

        /** The first event of that type, whole: it is awaited to the empty line that ends it. */
        String event(String type) {
            long end = System.nanoTime() + 60_000_000_000L;
            while (System.nanoTime() < end) {
                // What comes after the last empty line is not all there yet.
                String whole = text();
                for (String event :
                        whole.substring(0, whole.lastIndexOf("\n\n") + 1).split("\n\n")) {
                    if (event.contains("\"type\":\"" + type + "\"")) {
                        return event;
                    }
                }
                Thread.onSpinWait();
            }
            throw new AssertionError("No event of type " + type + " in: " + text());
        }

        @Override
        public void write(int b) {
            out.write(b);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            try {
                listener.onWritePossible();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
