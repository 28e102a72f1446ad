package org.rungpt.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rungpt.api.action.ActionPackage;
import org.rungpt.api.action.ActionSource;
import org.rungpt.testkit.ActionSourceContract;

class CatalogTest extends ActionSourceContract {
    private static final Path SOURCES = Path.of("target/classes/actions");

    @TempDir
    Path data;

    private Map<String, byte[]> files;
    private Instant start;

    @BeforeEach
    void filesOfTheBundle() throws IOException {
        start = Instant.now();
        files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(SOURCES)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(SOURCES.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
    }

    @Override
    protected ActionSource source() throws IOException {
        return new Catalog(files, data, start);
    }

    @Override
    protected boolean change() {
        return false;
    }

    @Test
    void offersTheBuiltInActions() throws IOException {
        assertThat(source().packages())
                .allSatisfy(files -> {
                    assertThat(files.builtIn()).isTrue();
                    assertThat(files.version()).matches("[0-9]+\\.[0-9]+\\.[0-9]+");
                    assertThat(files.directory().resolve("run")).isExecutable();
                })
                .extracting(files -> files.id().value())
                .containsExactly("rungpt/calls", "rungpt/containers", "rungpt/filesystem", "rungpt/system");
    }

    @Test
    void theModesAreThoseOfTheRepository() throws IOException {
        Path repository = Path.of("../../actions");
        for (ActionPackage action : source().packages()) {
            try (Stream<Path> all = Files.walk(action.directory())) {
                assertThat(all.filter(Files::isRegularFile)).allSatisfy(file -> assertThat(Files.isExecutable(file))
                        .as(file.toString())
                        .isEqualTo(Files.isExecutable(repository
                                .resolve(action.id().value())
                                .resolve(action.directory().relativize(file).toString()))));
            }
        }
    }

    @Test
    void theDirectoriesArePrivate() throws IOException {
        source();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("catalog"))))
                .isEqualTo("rwx------");
    }

    @Test
    void aSecondStartFindsTheSameDirectories() throws IOException {
        assertThat(source().packages()).isEqualTo(source().packages());
        try (Stream<Path> left = Files.list(data.resolve("catalog"))) {
            assertThat(left).hasSize(4);
        }
    }

    @Test
    void damageIsRepaired() throws IOException {
        ActionPackage first = source().packages().get(0);
        Files.writeString(first.directory().resolve("run"), "#!/bin/sh\nevil\n");
        Files.writeString(first.directory().resolve("more"), "x");

        ActionPackage again = source().packages().get(0);

        assertThat(again).isEqualTo(first);
        assertThat(again.directory().resolve("more")).doesNotExist();
        assertThat(Files.readString(again.directory().resolve("run"))).doesNotContain("evil");
    }

    @Test
    void leftoversOfAnEarlierProcessAreRemovedAndThoseOfThisOneKept() throws IOException {
        source();
        Path earlier = Files.createDirectories(data.resolve("catalog/.staged-1/lib"));
        Path old = Files.createDirectories(data.resolve("catalog/0123"));
        Path inUse = Files.createDirectories(data.resolve("catalog/4567"));
        Files.setLastModifiedTime(earlier.getParent(), FileTime.from(start.minusSeconds(60)));
        Files.setLastModifiedTime(old, FileTime.from(start.minusSeconds(60)));
        Files.setLastModifiedTime(inUse, FileTime.from(start.plusSeconds(60)));

        source();

        assertThat(earlier.getParent()).doesNotExist();
        assertThat(old).doesNotExist();
        assertThat(inUse).exists();
    }

    @Test
    void aPathThatLeadsOutIsRefused() {
        files.put("rungpt/system/../../../x", new byte[0]);

        assertThatThrownBy(this::source).isInstanceOf(IOException.class).hasMessageContaining("leads out");
    }
}
