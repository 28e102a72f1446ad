package org.rungpt.api.protocol;

import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.rungpt.api.action.InstalledTask;

/**
 * What a parser has to know.
 *
 * @param nonce the conversation's nonce
 * @param tasks finds a task by {@code alias.task}
 * @param usedRef whether a call with this ref was made before in the conversation
 */
public record ParserContext(String nonce, Function<String, Optional<InstalledTask>> tasks, Predicate<String> usedRef) {
    public ParserContext {
        Objects.requireNonNull(nonce, "nonce");
        Objects.requireNonNull(tasks, "tasks");
        Objects.requireNonNull(usedRef, "usedRef");
    }
}
