package org.rungpt.protocol.tags;

import java.util.List;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.testkit.CallProtocolContract;

final class TagProtocolContractTest extends CallProtocolContract {
    @Override
    protected CallProtocol protocol() {
        return new TagProtocol();
    }

    @Override
    protected List<ModelDelta> call(String ref, String task, String arguments) {
        return List.of(new ModelDelta.Text(
                "<run-" + NONCE + " action=\"" + task + "\" id=\"" + ref + "\">" + arguments + "</run-" + NONCE + ">"));
    }

    @Override
    protected List<ModelDelta> halfCall(String ref, String task) {
        return List.of(new ModelDelta.Text("<run-" + NONCE + " action=\"" + task + "\" id=\"" + ref + "\">{\"path\":"));
    }
}
