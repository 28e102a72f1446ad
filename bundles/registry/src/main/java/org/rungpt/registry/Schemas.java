package org.rungpt.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import java.util.Locale;
import java.util.regex.PatternSyntaxException;

/** JSON Schema 2020-12, offline: whatever a schema refers to is in itself. */
final class Schemas {
    private static final String DIALECT = "https://json-schema.org/draft/2020-12/schema";

    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12, builder -> builder.schemaCacheEnabled(false)
                    .schemaRegistryConfig(SchemaRegistryConfig.builder()
                            .locale(Locale.ROOT)
                            .regularExpressionFactory(new BoundedRegex())
                            .build()));
    private final Schema dialect = registry.getSchema(SchemaLocation.of(DIALECT));

    Schema compile(JsonNode schema) {
        return registry.getSchema(schema);
    }

    /** Whether a node is a schema at all. */
    void checkIsSchema(JsonNode schema, String key, Problems problems) {
        validate(dialect, schema, key, problems);
    }

    /** Checks a value; what is wrong with it, or with the schema when it is used, becomes problems below the key. */
    static void validate(Schema schema, JsonNode value, String key, Problems problems) {
        List<Error> errors;
        try {
            errors = schema.validate(value);
        } catch (BoundedRegex.TooSlow | SchemaException | PatternSyntaxException e) {
            problems.key(key, "cannot be checked: " + Problems.printable(String.valueOf(e.getMessage()), 160));
            return;
        } catch (StackOverflowError e) {
            problems.key(key, "cannot be checked: its schema refers to itself without end");
            return;
        }
        for (Error error : errors) {
            report(error, key, problems);
        }
    }

    private static void report(Error error, String prefix, Problems problems) {
        String below = Keys.of(error.getInstanceLocation());
        String key =
                prefix.isEmpty() || below.isEmpty() || below.startsWith("[") ? prefix + below : prefix + "." + below;
        String property = error.getProperty() == null ? "" : error.getProperty();
        switch (String.valueOf(error.getKeyword())) {
            case "required" -> problems.key(Keys.member(key, property), "is missing");
            case "additionalProperties", "unevaluatedProperties" ->
                problems.key(
                        property.isEmpty() ? key : Keys.member(key, property),
                        "unknown key: remove it or correct its spelling");
            case "pattern" -> problems.key(key, mismatch(error));
            case "false" -> problems.key(key, "is not allowed here");
            default -> problems.key(key, Problems.printable(String.valueOf(error.getMessage()), 200));
        }
    }

    /** Short patterns explain themselves; of the long ones, those about characters, {@link ManifestText} says more. */
    private static String mismatch(Error error) {
        Object[] arguments = error.getArguments();
        String pattern = arguments == null || arguments.length == 0 ? "" : String.valueOf(arguments[0]);
        return pattern.isEmpty() || pattern.length() > 100
                ? "is not written as it must be: see the manifest's schema"
                : "must match " + pattern;
    }
}
