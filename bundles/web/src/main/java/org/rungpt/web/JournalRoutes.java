package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.ConversationEvent;
import org.rungpt.api.runner.RunnerException;
import org.rungpt.api.runner.WorkspaceJournal.Change;
import org.rungpt.api.runner.WorkspaceJournal.Changes;
import org.rungpt.api.runner.WorkspaceJournal.Revert;
import org.rungpt.api.store.StoreException;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** What a call changed in the workspace, and taking it back. */
final class JournalRoutes {
    private static final int PAGE = 5000;

    private final Services services;

    JournalRoutes(Services services, Router router) {
        this.services = services;
        router.on("GET", "/conversations/{id}/calls/{call}/changes", this::changes)
                .on("GET", "/conversations/{id}/calls/{call}/diff", this::diff)
                .on("POST", "/conversations/{id}/calls/{call}/revert", this::revert);
    }

    private Answer changes(Call call) throws ApiException {
        String id = ConversationRoutes.existing(services, call.variable("id")).id();
        try {
            Changes changes =
                    services.journal().changes(id, call.variable("call")).orElse(null);
            if (changes == null) {
                checkCall(id, call.variable("call"));
            }
            ObjectNode body = Json.object().put("call", call.variable("call")).put("recorded", changes != null);
            body.set("files", files(changes == null ? List.of() : changes.files()));
            ArrayNode together = body.putArray("together");
            if (changes != null) {
                changes.together().forEach(together::add);
                if (changes.note() != null) {
                    body.put("note", changes.note());
                }
            }
            return Answer.ok(body);
        } catch (RunnerException e) {
            throw ApiException.unavailable(String.valueOf(e.getMessage()));
        }
    }

    /** Of a call that the journal does not know something may be told, of one that there never was not. */
    private void checkCall(String conversation, String call) throws ApiException {
        try {
            long seq = 0;
            List<ConversationEvent> page;
            do {
                page = services.store().events(conversation, seq, PAGE);
                for (ConversationEvent event : page) {
                    if (event.data().contains(call)
                            && Json.own(event.data()).path("call").asText().equals(call)) {
                        return;
                    }
                    seq = event.seq();
                }
            } while (page.size() == PAGE);
        } catch (StoreException e) {
            throw ApiException.of(e);
        }
        throw ApiException.notFound("There is no such call in this conversation.");
    }

    private static ArrayNode files(List<Change> changes) {
        ArrayNode files = Json.array();
        for (Change change : changes) {
            files.addObject()
                    .put("path", change.path())
                    .put("kind", change.kind().name().toLowerCase(Locale.ROOT))
                    .put("before", change.before())
                    .put("after", change.after())
                    .put("revertible", change.revertible());
        }
        return files;
    }

    private Answer diff(Call call) throws ApiException {
        String id = ConversationRoutes.existing(services, call.variable("id")).id();
        try {
            String diff = services.journal().diff(id, call.variable("call")).orElse(null);
            if (diff == null) {
                checkCall(id, call.variable("call"));
            }
            return Answer.ok(Json.object().put("call", call.variable("call")).put("diff", diff == null ? "" : diff));
        } catch (RunnerException e) {
            throw ApiException.unavailable(String.valueOf(e.getMessage()));
        }
    }

    private Answer revert(Call call) throws ApiException {
        Revert revert;
        try {
            revert = services.conversations().revert(call.variable("id"), call.variable("call"));
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
        if (revert.id() == null) {
            throw new ApiException(
                    409,
                    "conflict",
                    "Nothing was reverted: "
                            + String.join(
                                    "; ",
                                    revert.obstacles()
                                            .subList(
                                                    0,
                                                    Math.min(
                                                            5,
                                                            revert.obstacles().size())))
                            + (revert.obstacles().size() > 5
                                    ? "; and " + (revert.obstacles().size() - 5) + " more."
                                    : "."),
                    null);
        }
        ObjectNode body = Json.object().put("call", call.variable("call")).put("revert", revert.id());
        body.set("files", files(revert.files()));
        return Answer.ok(body);
    }
}
