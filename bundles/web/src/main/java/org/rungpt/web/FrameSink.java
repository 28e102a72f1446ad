package org.rungpt.web;

/** Where frames of an event stream go. */
interface FrameSink {
    /** Takes a frame without blocking; false if nobody reads any more. */
    boolean send(byte[] frame);

    /** Bytes that were taken and not written yet. */
    int queuedBytes();

    /** Whether nobody reads any more. */
    boolean isClosed();
}
