package org.rungpt.protocol.tags;

import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.testkit.MistakesContract;

final class TagMistakesTest extends MistakesContract {
    @Override
    protected CallProtocol protocol() {
        return new TagProtocol();
    }
}
