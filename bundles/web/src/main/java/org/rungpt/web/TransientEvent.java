package org.rungpt.web;

/** Something that is not stored; its frame is made once for all who are told. */
final class TransientEvent {
    private final String type;
    private final String data;
    private byte[] frame = {};

    /** @param data a JSON object on one line */
    TransientEvent(String type, String data) {
        this.type = type;
        this.data = data;
    }

    String type() {
        return type;
    }

    String data() {
        return data;
    }

    /** One thread at a time. */
    byte[] frame() {
        if (frame.length == 0) {
            frame = EventFrames.of(type, data);
        }
        return frame;
    }
}
