package org.rungpt.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.CommandException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rungpt.api.action.ActionId;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;

class CommandsTest {
    private static List<Class<?>> classes() throws IOException, ClassNotFoundException {
        List<Class<?>> classes = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("target/classes/org/rungpt/shell"))) {
            for (Path file : files.filter(f -> !f.toString().contains("-info")).toList()) {
                classes.add(Class.forName(
                        "org.rungpt.shell." + file.getFileName().toString().replace(".class", "")));
            }
        }
        return classes;
    }

    /** One mandatory service that is missing would hide every command. */
    @Test
    void everyReferenceToAServiceIsOptional() throws Exception {
        for (Class<?> type : classes()) {
            for (Field field : type.getDeclaredFields()) {
                Reference reference = field.getAnnotation(Reference.class);
                if (reference != null && field.getType() != Session.class) {
                    assertThat(reference.optional()).as(field.toString()).isTrue();
                }
            }
        }
    }

    @Test
    void everyCommandIsInOurScopeAndCompletesItsArguments() throws Exception {
        List<String> names = new ArrayList<>();
        for (Class<?> type : classes()) {
            Command command = type.getAnnotation(Command.class);
            if (command == null) {
                continue;
            }
            names.add(command.name());
            assertThat(command.scope()).isEqualTo("rungpt");
            assertThat(command.description()).isNotBlank();
            assertThat(type.getAnnotation(Service.class)).as(type.getName()).isNotNull();
            for (Field field : type.getDeclaredFields()) {
                Argument argument = field.getAnnotation(Argument.class);
                if (argument != null && !Set.of("question", "words").contains(argument.name())) {
                    assertThat(field.getAnnotation(Completion.class))
                            .as(field.toString())
                            .isNotNull();
                }
            }
        }
        assertThat(names)
                .containsExactlyInAnyOrder(
                        "ask",
                        "backup",
                        "budget",
                        "changes",
                        "conversations",
                        "doctor",
                        "export",
                        "grants",
                        "import",
                        "info",
                        "install",
                        "key",
                        "label",
                        "list",
                        "models",
                        "policy",
                        "prepare",
                        "probe",
                        "revert",
                        "sandboxes",
                        "search",
                        "secret",
                        "share",
                        "status",
                        "uninstall",
                        "update");
    }

    @Test
    void aMissingServiceIsNamedWithItsFeature() {
        assertThatThrownBy(() -> RungptCommand.need(null, "The chat", "rungpt-chat"))
                .isInstanceOf(CommandException.class)
                .hasMessage(
                        "The chat is not there now: start the feature rungpt-chat (feature:install rungpt-chat), or see"
                                + " rungpt:doctor");
    }

    @Test
    void whatIsNoReferenceIsToldAsOne() throws Exception {
        assertThat(Named.id("acme/plot", null)).isEqualTo(new ActionId("acme/plot"));
        assertThatThrownBy(() -> Named.reference("\u001b[31m"))
                .hasMessageStartingWith("\\u{1B}[31m: no action identity");
        assertThatThrownBy(() -> Named.id("plot", null)).hasMessageContaining("no alias of an installed action");
    }

    private static StatusSource part(Readiness readiness) {
        return new StatusSource() {
            @Override
            public String id() {
                return "docker";
            }

            @Override
            public String title() {
                return "Docker engine";
            }

            @Override
            public Readiness readiness() {
                return readiness;
            }
        };
    }

    @Test
    void theDoctorNamesTheRemedy() {
        assertThat(Describe.part(part(Readiness.ready("Docker 20.10"))))
                .containsExactly("ready      Docker engine: Docker 20.10");
        assertThat(Describe.part(part(Readiness.unready("It does not answer", "Start it"))))
                .containsExactly("NOT READY  Docker engine: It does not answer", "           → Start it");
    }

    @Test
    @DisplayName("A.14 rungpt:doctor --strict fails over a runc with known break-outs")
    void theStrictDoctorFailsOverAWeakness() throws Exception {
        var doctor = new DoctorCommand();
        doctor.parts = List.of(
                part(Readiness.warned("Docker 20.10.24", "Programs can break out of runc 1.1.5 (CVE-2025-31133)")));
        var said = new ByteArrayOutputStream();
        doctor.run(new PrintStream(said, true, StandardCharsets.UTF_8));
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("CVE-2025-31133");
        doctor.strict = true;
        assertThatThrownBy(() -> doctor.run(new PrintStream(said)))
                .isInstanceOf(CommandException.class)
                .hasMessage("1 part has a weakness (--strict)");
        doctor.parts = List.of(part(Readiness.unready("Docker does not answer", "Start it")));
        assertThatThrownBy(() -> doctor.run(new PrintStream(said)))
                .isInstanceOf(CommandException.class)
                .hasMessage("not everything is ready (--strict)");
    }
}
