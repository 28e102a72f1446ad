package org.rungpt.model.openai;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** One connection: {@code etc/org.rungpt.model.openai-NAME.cfg}. The key is never here. */
@ObjectClassDefinition(
        name = "RunGPT: connection to an OpenAI-compatible server",
        description = "OpenAI, Ollama, llama.cpp, vLLM, LM Studio, OpenRouter and others. Several at once.")
@interface ConnectionConfig {
    @AttributeDefinition(
            name = "Name",
            description = "First part of the models' ids: lower-case letters, digits, dashes")
    String name() default "";

    @AttributeDefinition(name = "Title", description = "What people call it; the name if empty", required = false)
    String title() default "";

    @AttributeDefinition(
            name = "Base URL",
            description =
                    "For example http://127.0.0.1:11434/v1. Empty: OpenAI; for the connection openai OPENAI_BASE_URL if it is set",
            required = false)
    String baseUrl() default "";

    @AttributeDefinition(name = "Headers", description = "Further request headers, each Name: value", required = false)
    String[] headers() default {};

    @AttributeDefinition(
            name = "Origin of the key",
            description =
                    "The server that the stored key was given for; it is sent to no other. Set together with the key",
            required = false)
    String keyOrigin() default "";

    @AttributeDefinition(
            name = "Models",
            description = "Ids of the models to offer instead of those that the server lists",
            required = false)
    String[] models() default {};

    @AttributeDefinition(
            name = "Context size",
            description = "How many tokens its models take in all; 0 for what is known of each",
            required = false)
    int contextTokens() default 0;

    @AttributeDefinition(
            name = "Price of input",
            description = "US dollars for a million tokens; empty for what is known of each model",
            required = false)
    String priceInput() default "";

    @AttributeDefinition(name = "Price of output", description = "US dollars for a million tokens", required = false)
    String priceOutput() default "";

    @AttributeDefinition(
            name = "Price of cached input",
            description = "US dollars for a million tokens; empty if it costs what other input costs",
            required = false)
    String priceCachedInput() default "";

    @AttributeDefinition(
            name = "Images",
            description = "true or false: whether its models take images; empty for what is known of each",
            required = false)
    String images() default "";

    @AttributeDefinition(
            name = "Files",
            description = "true or false: whether its models take files (PDF); empty for what is known of each",
            required = false)
    String files() default "";

    @AttributeDefinition(
            name = "Audio",
            description =
                    "true or false: whether its models take recordings (WAV, MP3); empty for what is known of each",
            required = false)
    String audio() default "";

    @AttributeDefinition(
            name = "Protocol",
            description = "tags or native: how new conversations with its models call; empty for the general setting",
            required = false)
    String protocol() default "";

    @AttributeDefinition(name = "Connect timeout", description = "Seconds")
    int connectTimeoutSeconds() default 10;

    @AttributeDefinition(name = "First byte timeout", description = "Seconds until an answer begins")
    int firstByteTimeoutSeconds() default 300;

    @AttributeDefinition(name = "Idle timeout", description = "Seconds of silence in an answer")
    int idleTimeoutSeconds() default 60;

    @AttributeDefinition(name = "Total timeout", description = "Seconds that one answer may take")
    int totalTimeoutSeconds() default 3600;
}
