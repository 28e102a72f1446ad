package org.rungpt.api.chat;

import java.util.List;
import java.util.Objects;
import org.rungpt.api.call.CallResult;
import org.rungpt.api.call.ParsedCall;

/** A message of a conversation's neutral history. */
public sealed interface Message {
    /** What the user said. */
    record User(String id, String text) implements Message {
        public User {
            Objects.requireNonNull(id, "id");
            Objects.requireNonNull(text, "text");
        }
    }

    /** What the model said: text and calls in order. Reasoning is not part of it. */
    record Assistant(String id, List<Part> parts) implements Message {
        public Assistant {
            Objects.requireNonNull(id, "id");
            parts = List.copyOf(parts);
        }
    }

    /** Results of calls, in the order of the calls. */
    record Results(String id, List<CallResult> results) implements Message {
        public Results {
            Objects.requireNonNull(id, "id");
            results = List.copyOf(results);
        }
    }

    /** What RunGPT tells the model, for example that an action was installed. */
    record Notice(String id, String text) implements Message {
        public Notice {
            Objects.requireNonNull(id, "id");
            Objects.requireNonNull(text, "text");
        }
    }

    /** A part of an assistant's message. */
    sealed interface Part {
        /** Text. */
        record Text(String text) implements Part {}

        /** A call that was made. */
        record Call(ParsedCall call) implements Part {}

        /** Something that was meant as a call, as written; the results say what was wrong with it. */
        record Malformed(String raw) implements Part {}
    }
}
