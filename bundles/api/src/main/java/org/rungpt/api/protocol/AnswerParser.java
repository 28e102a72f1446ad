package org.rungpt.api.protocol;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;
import org.rungpt.api.model.FinishReason;
import org.rungpt.api.model.ModelDelta;

/** Parses one streamed answer. One thread at a time. However the answer is cut into deltas, the segments say the same. */
@ConsumerType
public interface AnswerParser {
    /** Takes the next piece. */
    List<Segment> accept(ModelDelta delta);

    /** The answer has ended; what was held back is decided. */
    List<Segment> end(FinishReason reason);
}
