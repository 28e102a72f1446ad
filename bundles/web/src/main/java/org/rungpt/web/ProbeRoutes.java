package org.rungpt.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.ProbeReport;
import org.rungpt.web.Router.Answer;
import org.rungpt.web.Router.Call;

/** Probes of models: which protocol a model handles better. */
final class ProbeRoutes {
    private final Services services;

    ProbeRoutes(Services services, Router router) {
        this.services = services;
        router.on("POST", "/connections/{name}/probe", this::start)
                .on("GET", "/connections/{name}/probe", this::report)
                .on("DELETE", "/connections/{name}/probe", this::cancel);
    }

    private Answer start(Call call) throws ApiException, IOException {
        ObjectNode body = Json.body(call.request(), Set.of("model"));
        try {
            return new Answer(202, json(services.probes().start(id(call, Json.requiredText(body, "model")))));
        } catch (ChatException e) {
            throw ApiException.of(e);
        }
    }

    private Answer report(Call call) throws ApiException {
        return Answer.ok(json(services.probes()
                .report(id(call, model(call)))
                .orElseThrow(() -> ApiException.notFound("This model was not probed."))));
    }

    private Answer cancel(Call call) throws ApiException {
        services.probes().cancel(id(call, model(call)));
        return Answer.done();
    }

    private static String model(Call call) throws ApiException {
        String model = call.request().getParameter("model");
        if (model == null || model.isEmpty()) {
            throw ApiException.invalid("Say which model: ?model=….");
        }
        return model;
    }

    /** The full id; a model may be named with or without its connection. */
    private static String id(Call call, String model) {
        String connection = call.variable("name") + "/";
        return model.startsWith(connection) ? model : connection + model;
    }

    private static ObjectNode json(ProbeReport report) {
        ObjectNode node = Json.object()
                .put("model", report.model())
                .put("state", report.state().name().toLowerCase(Locale.ROOT))
                .put("done", report.done())
                .put("total", report.total())
                .put("better", report.better())
                .put("problem", report.problem());
        ArrayNode scores = node.putArray("scores");
        for (ProbeReport.Score score : report.scores()) {
            scores.addObject()
                    .put("protocol", score.protocol())
                    .put("tasks", score.tasks())
                    .put("valid", score.valid())
                    .put("right", score.right())
                    .put("tokens", score.tokens())
                    .put("millis", score.millis());
        }
        return node;
    }
}
