package org.rungpt.protocol.nativecalls;

import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.testkit.MistakesContract;

final class NativeMistakesTest extends MistakesContract {
    @Override
    protected CallProtocol protocol() {
        return new NativeProtocol();
    }
}
