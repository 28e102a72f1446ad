package org.rungpt.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.store.StoreException;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** What stands behind an answer, as JSON or, with {@code ?format=markdown}, as Markdown. */
final class ReceiptRoutes {
    private static final int PAGE = 5000;

    private final Services services;

    ReceiptRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/conversations/{id}/messages/{message}/receipt", this::show);
    }

    private Answer show(Call call) throws ApiException {
        String format = call.request().getParameter("format");
        ObjectNode receipt = receipt(call.variable("id"), call.variable("message"));
        if (format == null || format.equals("json")) {
            return Answer.ok(receipt);
        }
        if (format.equals("markdown")) {
            return Answer.text("text/markdown;charset=UTF-8", ReceiptText.of(receipt));
        }
        throw ApiException.invalid("\"format\" must be json or markdown.");
    }

    private ObjectNode receipt(String conversation, String message) throws ApiException {
        ConversationRoutes.existing(services, conversation);
        var receipt = new Receipt(conversation, message);
        long seq = 0;
        try {
            List<ConversationEvent> page;
            do {
                page = services.store().events(conversation, seq, PAGE);
                for (ConversationEvent event : page) {
                    receipt.read(event);
                    seq = event.seq();
                }
            } while (page.size() == PAGE);
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
        WorkspaceJournal journal = services.journalNow();
        ObjectNode json = receipt.json(call -> journal == null ? null : files(journal, conversation, call));
        if (json == null) {
            throw ApiException.notFound("There is no such message in a turn of this conversation.");
        }
        return json;
    }

    private static @Nullable JsonNode files(WorkspaceJournal journal, String conversation, String call) {
        WorkspaceJournal.Changes changes;
        try {
            changes = journal.changes(conversation, call).orElse(null);
        } catch (RunnerException | RuntimeException e) {
            // What cannot be told now is left out; the rest of the receipt holds.
            return null;
        }
        if (changes == null) {
            return null;
        }
        ArrayNode files = Json.array();
        for (WorkspaceJournal.Change change : changes.files()) {
            files.addObject()
                    .put("path", change.path())
                    .put("kind", change.kind().name().toLowerCase(Locale.ROOT))
                    .put("before", change.before())
                    .put("after", change.after());
        }
        return files;
    }
}
