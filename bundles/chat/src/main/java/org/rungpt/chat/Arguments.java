package org.rungpt.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.rungpt.api.action.InstalledTask;

/** Checks the arguments of a call against the task's schema. Nothing is fetched from anywhere. Any thread. */
final class Arguments {
    private static final int SCHEMAS = 256;
    private static final int PROBLEMS = 5;
    private static final int EXCERPT = 3000;

    private final SchemaRegistry factory = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12, builder -> builder.schemaCacheEnabled(false));
    private final Map<String, Schema> schemas = Collections.synchronizedMap(new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Schema> eldest) {
            return size() > SCHEMAS;
        }
    });

    /** What is wrong with them, for the model, with what is right; empty if they fit. */
    Optional<String> problem(InstalledTask task, String arguments) {
        String parameters = task.task().parameters();
        List<Error> errors;
        try {
            JsonNode tree = Json.object(arguments);
            errors = schema(parameters)
                    .validate(
                            tree,
                            context -> context.executionConfig(
                                    config -> config.locale(Locale.ROOT).formatAssertionsEnabled(false)));
        } catch (RuntimeException e) {
            // A schema that cannot be applied permits nothing.
            return Optional.of("The arguments of " + task.name() + " could not be checked: "
                    + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
        if (errors.isEmpty()) {
            return Optional.empty();
        }
        String problems = errors.stream()
                .limit(PROBLEMS)
                .map(error -> error.getInstanceLocation() + ": " + error.getMessage())
                .collect(Collectors.joining("; "));
        String excerpt = parameters.length() <= EXCERPT ? parameters : parameters.substring(0, EXCERPT) + "…";
        return Optional.of("The arguments of " + task.name() + " are wrong: " + problems
                + ". It did not run. Its parameters are: " + excerpt);
    }

    private Schema schema(String parameters) {
        return schemas.computeIfAbsent(parameters, text -> factory.getSchema(Json.parse(text)));
    }
}
