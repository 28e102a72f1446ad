package org.rungpt.cli;

import java.io.ByteArrayInputStream;
import java.io.Console;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelShell;
import org.apache.sshd.client.channel.ClientChannel;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.session.ClientSession;

/** The server's shell, over SSH on the loopback interface with the key of the data directory. */
final class Shell {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration START = Duration.ofSeconds(30);
    private static final String USER = "rungpt";
    /** The commands that read a value from standard input. */
    private static final Pattern TAKES_VALUE =
            Pattern.compile("rungpt:secret\\s+set\\b.*|rungpt:key\\s(?!.*--remove).*");

    private final Path data;
    private final boolean coloured;

    /** @param coloured whether the output of single commands is watched on a terminal */
    Shell(Path data, boolean coloured) {
        this.data = data;
        this.coloured = coloured;
    }

    /** Runs one command. @return its exit code, 0 if it succeeded */
    int command(String line) throws CliException {
        return command(line, TAKES_VALUE.matcher(line.strip()).matches() ? value() : InputStream.nullInputStream());
    }

    private int command(String line, InputStream in) throws CliException {
        String checked = CommandLine.checked(line);
        return connected(session -> {
            ClientChannel channel = session.createExecChannel(checked);
            channel.setIn(in);
            channel.setOut(new Flushed(coloured ? System.out : new PlainOutput(System.out)));
            return channel;
        });
    }

    /** A secret: typed unseen, or piped in. */
    private static InputStream value() {
        Console console = System.console();
        if (console == null) {
            return System.in;
        }
        char[] typed = console.readPassword("Value (not shown): ");
        return typed == null
                ? InputStream.nullInputStream()
                : new ByteArrayInputStream(new String(typed).getBytes(StandardCharsets.UTF_8));
    }

    /** Runs the commands of standard input, one a line, until one fails. */
    int script() throws CliException, IOException {
        String[] lines = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\n");
        for (String line : lines) {
            if (!line.isBlank()) {
                int exit = command(line, InputStream.nullInputStream());
                if (exit != 0) {
                    return exit;
                }
            }
        }
        return 0;
    }

    /** The shell on a terminal that is in raw mode already. */
    int terminal(String type, int columns, int rows) throws CliException {
        return connected(session -> {
            ChannelShell channel = session.createShellChannel();
            channel.setPtyType(type);
            channel.setPtyColumns(columns);
            channel.setPtyLines(rows);
            channel.setIn(System.in);
            channel.setOut(new Flushed(System.out));
            return channel;
        });
    }

    private interface Opening {
        ClientChannel channel(ClientSession session) throws IOException;
    }

    private int connected(Opening opening) throws CliException {
        try (SshClient client = SshClient.setUpDefaultClient()) {
            // Nobody but the owner of the data directory can have told us this port; the host key is made anew with it.
            client.setServerKeyVerifier(
                    (ClientSession session, SocketAddress address, java.security.PublicKey key) -> true);
            client.setHostConfigEntryResolver(org.apache.sshd.client.config.hosts.HostConfigEntryResolver.EMPTY);
            client.start();
            try (ClientSession session = session(client)) {
                try (ClientChannel channel = opening.channel(session)) {
                    channel.setErr(new Flushed(System.err));
                    channel.open().verify(PATIENCE);
                    channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), Duration.ZERO);
                    Integer exit = channel.getExitStatus();
                    return exit == null ? 0 : exit;
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            throw CliException.failed("The shell of the server cannot be reached: " + e.getMessage());
        }
    }

    private static ClientSession session(SshClient client, int port, KeyPair key) throws IOException {
        ClientSession session =
                client.connect(USER, "127.0.0.1", port).verify(PATIENCE).getSession();
        try {
            session.addPublicKeyIdentity(key);
            session.auth().verify(PATIENCE);
            return session;
        } catch (IOException e) {
            session.close(true);
            throw e;
        }
    }

    /**
     * The shell's server starts after the page, so that the page need not wait for it, and what it knows keys by starts after it: who
     * comes early waits here.
     */
    private ClientSession session(SshClient client) throws CliException, IOException, GeneralSecurityException {
        KeyPair key = ShellKey.read(data.resolve("secret").resolve("shell"));
        int port = port();
        long end = System.nanoTime() + START.toNanos();
        while (true) {
            try {
                return session(client, port, key);
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            }
        }
    }

    private int port() throws CliException, IOException {
        try {
            return Server.JSON
                    .readTree(Files.readString(data.resolve("server.json")))
                    .path("sshPort")
                    .asInt();
        } catch (NoSuchFileException e) {
            throw Server.notRunning(data);
        }
    }

    /** Shows what comes as it comes, and is never closed. */
    private static final class Flushed extends FilterOutputStream {
        Flushed(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            out.flush();
        }

        @Override
        public void close() throws IOException {
            out.flush();
        }
    }
}
