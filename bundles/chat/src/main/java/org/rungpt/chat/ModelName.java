package org.rungpt.chat;

/** The full id of a model, {@code connection/model}; only the first slash separates. */
record ModelName(String connection, String model) {
    /** @throws IllegalArgumentException if it is none */
    static ModelName parse(String full) {
        int slash = full.indexOf('/');
        if (slash <= 0 || slash == full.length() - 1 || full.length() > 300) {
            throw new IllegalArgumentException("no model id: write connection/model, for example openai/gpt-5");
        }
        return new ModelName(full.substring(0, slash), full.substring(slash + 1));
    }

    @Override
    public String toString() {
        return connection + "/" + model;
    }
}
