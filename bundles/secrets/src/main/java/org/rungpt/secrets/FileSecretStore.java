package org.rungpt.secrets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.rungpt.api.secret.SecretException;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.files.PrivateFiles;
import org.rungpt.secrets.SecretFile.DamagedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Secrets in {@code secret/secrets.json}, sealed with {@code secret/master.key}. It protects copies and backups of the data and other
 * users of the machine; not against root or programs that run as the same user. The file is read anew each time: it is small, and what
 * was changed behind our back is noticed.
 */
@Component(
        service = {SecretStore.class, StatusSource.class},
        configurationPid = "org.rungpt.secrets")
@Designate(ocd = FileSecretStore.Config.class)
public final class FileSecretStore implements SecretStore, StatusSource {
    private static final Logger LOG = LoggerFactory.getLogger(FileSecretStore.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);
    private static final String ANEW = "Enter the keys anew in the settings, or put the file back from a backup.";

    /** How to configure it. */
    @ObjectClassDefinition(name = "RunGPT secrets", description = "Where keys are kept.")
    public @interface Config {
        @AttributeDefinition(
                name = "Directory",
                description = "Directory that holds secret/secrets.json; empty for the data directory of the server.")
        String directory() default "";
    }

    private final Path directory;
    private final Path file;
    private final Path keyFile;
    private volatile Readiness readiness = Readiness.ready("No secrets are kept yet.");

    @Activate
    public FileSecretStore(Config config) {
        this(directory(config));
    }

    FileSecretStore(Path data) {
        directory = data.resolve("secret");
        file = directory.resolve("secrets.json");
        keyFile = directory.resolve("master.key");
        look();
        if (!readiness.ready()) {
            LOG.warn("{}", readiness.reason());
        }
    }

    private static Path directory(Config config) {
        String fallback = System.getProperty("rungpt.data", System.getProperty("user.home") + "/.rungpt");
        return Path.of(config.directory().isBlank() ? fallback : config.directory());
    }

    @Override
    public synchronized Optional<String> get(String name) throws SecretException {
        return noting(false, () -> {
            SecretFile kept = read();
            Envelope envelope = kept.secrets().get(name);
            if (envelope == null) {
                if (!kept.secrets().isEmpty() || !kept.seal().isEmpty()) {
                    requireSeal(kept, key());
                }
                return Optional.empty();
            }
            return Optional.of(open(kept, name, envelope));
        });
    }

    @Override
    public synchronized void put(String name, String value) throws SecretException {
        if (name.isBlank() || name.length() > 256 || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "The name of a secret has 1 to 256 characters and no control characters.");
        }
        noting(true, () -> {
            MasterKey key = keyForWriting();
            SecretFile kept = fileForWriting();
            SortedMap<String, Envelope> secrets = new TreeMap<>(kept.secrets());
            secrets.put(name, key.seal(value, kept.purpose(name)));
            write(kept, secrets, key);
            return true;
        });
    }

    @Override
    public synchronized void remove(String name) throws SecretException {
        noting(true, () -> {
            SecretFile kept = read();
            if (kept.secrets().containsKey(name)) {
                SortedMap<String, Envelope> secrets = new TreeMap<>(kept.secrets());
                secrets.remove(name);
                write(kept, secrets, keyForWriting());
            }
            return true;
        });
    }

    @Override
    public synchronized List<String> names() throws SecretException {
        return noting(false, () -> List.copyOf(read().secrets().keySet()));
    }

    @Override
    public String id() {
        return "secrets";
    }

    @Override
    public String title() {
        return "Stored keys";
    }

    @Override
    public Readiness readiness() {
        return readiness;
    }

    private interface Step<T> {
        T run() throws SecretException, IOException;
    }

    /** Does it, and lets the status tell how it went. */
    private <T> T noting(boolean changes, Step<T> step) throws SecretException {
        try {
            T result = step.run();
            if (changes || !readiness.ready()) {
                look();
            }
            return result;
        } catch (IOException e) {
            readiness = Readiness.unready(unusable(e), null);
            throw new SecretException(unusable(e), e);
        } catch (SecretException e) {
            readiness = Readiness.unready(reason(e), ANEW);
            throw e;
        }
    }

    /** Lets the status tell whether everything that is kept can be opened. */
    private void look() {
        try {
            SecretFile kept = read();
            if (!kept.secrets().isEmpty()) {
                MasterKey key = key();
                for (var secret : kept.secrets().entrySet()) {
                    open(kept, secret.getKey(), secret.getValue());
                }
                requireSeal(kept, key);
            }
            int many = kept.secrets().size();
            readiness = Readiness.ready(many == 0 ? "No secrets are kept yet." : many + " kept, encrypted.");
        } catch (SecretException e) {
            readiness = Readiness.unready(reason(e), ANEW);
        } catch (IOException e) {
            readiness = Readiness.unready(unusable(e), null);
        }
    }

    /** The message without what helps, which the status tells by itself. */
    private static String reason(SecretException e) {
        return String.valueOf(e.getMessage()).replace(ANEW, "").strip();
    }

    private String unusable(IOException e) {
        return directory + " cannot be used (" + e.getClass().getSimpleName()
                + "): make it writable for the user who runs RunGPT.";
    }

    private SecretFile read() throws SecretException, IOException {
        if (!Files.exists(file)) {
            return SecretFile.empty();
        }
        PrivateFiles.restrict(file);
        try {
            return SecretFile.read(file);
        } catch (DamagedException e) {
            throw new SecretException(file + " is damaged: " + e.getMessage() + ". " + ANEW);
        }
    }

    private MasterKey key() throws SecretException {
        if (!Files.exists(keyFile)) {
            throw new SecretException(keyFile + " is missing, without it the secrets cannot be read. " + ANEW);
        }
        return MasterKey.read(keyFile);
    }

    private String open(SecretFile kept, String name, Envelope envelope) throws SecretException {
        MasterKey key = key();
        @Nullable String value = key.open(envelope, kept.purpose(name));
        if (value != null) {
            return value;
        }
        String why = envelope.key().equals(key.id())
                ? " was changed outside of RunGPT or is damaged. "
                : " was encrypted with another master.key. ";
        throw new SecretException("The secret " + name + " in " + file + why + ANEW);
    }

    private void requireSeal(SecretFile kept, MasterKey key) throws SecretException {
        if (!key.mark(kept.sealedText()).equals(kept.seal())) {
            throw new SecretException(file + " was changed outside of RunGPT or is damaged. " + ANEW);
        }
    }

    private void write(SecretFile kept, SortedMap<String, Envelope> secrets, MasterKey key)
            throws SecretException, IOException {
        SecretFile unsealed = new SecretFile(kept.instance(), secrets, "");
        new SecretFile(kept.instance(), secrets, key.mark(unsealed.sealedText())).write(file);
    }

    /** Who enters a secret anew gets on, whatever happened to the old files; those are kept aside. */
    private MasterKey keyForWriting() throws SecretException, IOException {
        PrivateFiles.makeOwnDirectory(directory);
        if (Files.exists(keyFile)) {
            try {
                return MasterKey.read(keyFile);
            } catch (SecretException e) {
                moveAside(keyFile);
            }
        }
        return MasterKey.make(keyFile);
    }

    private SecretFile fileForWriting() throws IOException {
        try {
            return read();
        } catch (SecretException e) {
            moveAside(file);
            return SecretFile.empty();
        }
    }

    private void moveAside(Path damaged) throws IOException {
        Path aside = damaged.resolveSibling(damaged.getFileName() + ".damaged-" + STAMP.format(Instant.now()));
        Files.move(damaged, aside, StandardCopyOption.ATOMIC_MOVE);
        LOG.warn("{} is damaged and was moved to {}", damaged, aside);
    }
}
