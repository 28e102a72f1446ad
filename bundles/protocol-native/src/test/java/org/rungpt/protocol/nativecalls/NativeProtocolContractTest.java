package org.rungpt.protocol.nativecalls;

import java.util.List;
import org.rungpt.api.model.ModelDelta;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.testkit.CallProtocolContract;

final class NativeProtocolContractTest extends CallProtocolContract {
    @Override
    protected CallProtocol protocol() {
        return new NativeProtocol();
    }

    @Override
    protected List<ModelDelta> call(String ref, String task, String arguments) {
        return List.of(new ModelDelta.ToolCall(0, ref, task.replace(".", "__"), arguments));
    }

    @Override
    protected List<ModelDelta> halfCall(String ref, String task) {
        return List.of(new ModelDelta.ToolCall(0, ref, task.replace(".", "__"), "{\"pa"));
    }
}
