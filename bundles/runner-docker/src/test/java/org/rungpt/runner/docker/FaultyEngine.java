package org.rungpt.runner.docker;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The real engine behind a socket that comes, goes, cuts, hangs, swallows answers and gives others. */
final class FaultyEngine implements AutoCloseable {
    final Path socket;
    private final Path engine;
    private final List<Exchange> open = new CopyOnWriteArrayList<>();
    private @Nullable ServerSocketChannel server;
    private volatile @Nullable Trouble trouble;
    private final Object going = new Object();
    private boolean hangs;

    /** Before it is opened nobody is there. */
    FaultyEngine(Path socket) {
        this.socket = socket;
        this.engine = Path.of(Bench.HOST.substring(EngineAddress.UNIX.length()));
    }

    String host() {
        return EngineAddress.UNIX + socket;
    }

    /** What happens to a request. */
    interface Fault {
        /** @return whether the engine gets it */
        boolean at(String request, Exchange exchange) throws Exception;
    }

    /** The engine does it, and its answer is never heard. */
    static final Fault MUTE = (request, exchange) -> {
        exchange.isMute = true;
        return true;
    };

    /** The engine does it, and the connection is cut when it wants to say so. */
    static final Fault CUT_BEFORE_ANSWER = (request, exchange) -> {
        exchange.isCutAtAnswer = true;
        return true;
    };

    /** The engine knows nothing of it. */
    static Fault says(String answer) {
        return (request, exchange) -> {
            write(exchange.client, ByteBuffer.wrap(answer.getBytes(StandardCharsets.ISO_8859_1)));
            exchange.close();
            return false;
        };
    }

    private static final class Trouble {
        final String part;
        final Fault fault;
        final boolean once;
        final CountDownLatch met = new CountDownLatch(1);

        Trouble(String part, Fault fault, boolean once) {
            this.part = part;
            this.fault = fault;
            this.once = once;
        }
    }

    /** From now on, with requests in which this is. @return goes down at the first */
    CountDownLatch always(String part, Fault fault) {
        Trouble next = new Trouble(part, fault, false);
        trouble = next;
        return next.met;
    }

    /** With the next request in which this is. @return goes down at it */
    CountDownLatch once(String part, Fault fault) {
        Trouble next = new Trouble(part, fault, true);
        trouble = next;
        return next.met;
    }

    /** It is an engine as any other, on new connections. */
    void recover() {
        trouble = null;
    }

    void open() throws IOException {
        ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(socket));
        server = listening;
        start(() -> {
            while (true) {
                SocketChannel client = listening.accept();
                Exchange exchange = new Exchange(client, SocketChannel.open(UnixDomainSocketAddress.of(engine)));
                open.add(exchange);
                start(() -> exchange.pass(() -> pass(client, exchange.engine, exchange, true)));
                start(() -> exchange.pass(() -> pass(exchange.engine, client, exchange, false)));
            }
        });
    }

    /** One connection. */
    static final class Exchange {
        final SocketChannel client;
        private final SocketChannel engine;
        private final AtomicInteger ways = new AtomicInteger(2);
        private volatile boolean isMute;
        private volatile boolean isCutAtAnswer;

        Exchange(SocketChannel client, SocketChannel engine) {
            this.client = client;
            this.engine = engine;
        }

        private void pass(Task way) throws Exception {
            boolean whole = false;
            try {
                way.run();
                whole = true;
            } finally {
                if (!whole || ways.decrementAndGet() == 0) {
                    close();
                }
            }
        }

        void close() throws IOException {
            client.close();
            engine.close();
        }
    }

    private void pass(SocketChannel from, SocketChannel to, Exchange exchange, boolean asks) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(64 << 10);
        while (from.read(bytes) >= 0) {
            bytes.flip();
            awaitGoing();
            if (!asks && exchange.isCutAtAnswer) {
                exchange.close();
                return;
            }
            boolean goes = asks ? meet(bytes, exchange) : !exchange.isMute;
            if (goes) {
                write(to, bytes);
            }
            bytes.clear();
        }
        if (asks || !exchange.isMute) {
            to.shutdownOutput();
        }
    }

    private boolean meet(ByteBuffer bytes, Exchange exchange) throws Exception {
        Trouble now = trouble;
        String text = StandardCharsets.ISO_8859_1.decode(bytes.duplicate()).toString();
        if (now == null || !text.contains(now.part)) {
            return true;
        }
        if (now.once) {
            trouble = null;
        }
        try {
            return now.fault.at(text, exchange);
        } finally {
            now.met.countDown();
        }
    }

    private static void write(SocketChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    /** Nothing passes any more; connections stand, and new ones are taken. */
    void hang() {
        synchronized (going) {
            hangs = true;
        }
    }

    void goOn() {
        synchronized (going) {
            hangs = false;
            going.notifyAll();
        }
    }

    private void awaitGoing() throws InterruptedException {
        synchronized (going) {
            while (hangs) {
                going.wait();
            }
        }
    }

    void cut() throws IOException {
        for (Exchange exchange : open) {
            exchange.close();
        }
        open.clear();
    }

    private interface Task {
        void run() throws Exception;
    }

    private static void start(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (Exception e) {
                // Closed, by one side or the other.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** It is gone; it may be opened again. */
    @Override
    public void close() throws IOException {
        goOn();
        if (server != null) {
            server.close();
        }
        cut();
        Files.deleteIfExists(socket);
    }
}
