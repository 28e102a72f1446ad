package org.rungpt.runner.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.rungpt.api.runner.CallObserver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches what an ended call left in its out directory, over the protocol, and hands it to the observer of the call. Blocking. */
final class OutFiles {
    static final int MOST_FILES = 64;
    static final long LARGEST = 64L << 20;
    static final long LARGEST_IN_ALL = 128L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(OutFiles.class);
    private static final int PIECE = 512 << 10;
    private static final long PATIENCE_SECONDS = 20;
    private static final int MOST_TOLD = 3;

    private final ServiceLink service;
    private final String call;
    private final CallObserver observer;
    private final List<String> problems = new ArrayList<>();
    private long fetched;
    private long leftOut;

    OutFiles(ServiceLink service, String call, CallObserver observer) {
        this.service = service;
        this.call = call;
        this.observer = observer;
    }

    /**
     * @return one sentence on what was left out; null if nothing was
     * @throws LinkBroken if the connection ended meanwhile; all of it can be done again
     */
    @Nullable
    String collect() throws LinkBroken {
        JsonNode answer;
        try {
            answer = ask("files", naming().put("limit", MOST_FILES));
        } catch (LinkBroken e) {
            throw e;
        } catch (IOException e) {
            return "The files that it left could not be fetched: " + EngineFailures.line(e) + ".";
        }
        int index = 0;
        for (JsonNode file : answer.path("files")) {
            if (index < MOST_FILES) {
                hand(index, file.path("name").asText(), file.path("size").asLong(-1));
            }
            index++;
        }
        leftOut += Math.max(0, answer.path("more").asLong()) + Math.max(0, index - MOST_FILES);
        return sentence(Math.max(0, answer.path("others").asLong()));
    }

    private void hand(int index, String name, long size) throws LinkBroken {
        if (size < 0 || size > LARGEST || fetched + size > LARGEST_IN_ALL) {
            leftOut++;
            return;
        }
        fetched += size;
        try (Content content = new Content(index, size)) {
            observer.artifact(name, size, content);
        } catch (LinkBroken e) {
            throw e;
        } catch (IOException e) {
            problems.add(EngineFailures.oneLine(name, 80) + " was not kept: " + EngineFailures.line(e) + ".");
        } catch (RuntimeException e) {
            LOG.warn("An observer of call {} failed with a file", call, e);
            problems.add(EngineFailures.oneLine(name, 80) + " was not kept.");
        }
    }

    private @Nullable String sentence(long others) {
        List<String> all = new ArrayList<>(problems.subList(0, Math.min(MOST_TOLD, problems.size())));
        if (problems.size() > MOST_TOLD) {
            all.add((problems.size() - MOST_TOLD) + " more files were not kept.");
        }
        if (leftOut > 0) {
            all.add(leftOut + (leftOut == 1 ? " file" : " files") + " in its out directory "
                    + (leftOut == 1 ? "was" : "were") + " left out (limit " + MOST_FILES + " files, "
                    + Outcomes.size(LARGEST) + " each, " + Outcomes.size(LARGEST_IN_ALL) + " in all).");
        }
        if (others > 0) {
            all.add("Links, pipes and the like in its out directory were passed over.");
        }
        return all.isEmpty() ? null : String.join(" ", all);
    }

    private ObjectNode naming() {
        return JsonNodeFactory.instance.objectNode().put("call", call);
    }

    private JsonNode ask(String method, ObjectNode params) throws IOException {
        try {
            return service.request(method, params).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LinkBroken broken) {
                throw broken;
            }
            throw new IOException(EngineFailures.line(e.getCause() == null ? e : e.getCause()), e);
        } catch (TimeoutException e) {
            throw new IOException("the sandbox does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LinkBroken("interrupted");
        }
    }

    /** A file, fetched as it is read. It has exactly the size that was told, or reading fails. */
    private final class Content extends InputStream {
        private final int index;
        private final long size;
        private long offset;
        private byte[] piece = new byte[0];
        private int position;

        Content(int index, long size) {
            this.index = index;
            this.size = size;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (position == piece.length && !fetch()) {
                return -1;
            }
            int count = Math.min(length, piece.length - position);
            System.arraycopy(piece, position, target, from, count);
            position += count;
            return count;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        private boolean fetch() throws IOException {
            if (offset == size) {
                return false;
            }
            int length = (int) Math.min(PIECE, size - offset);
            byte[] next = ask(
                            "fetch",
                            naming().put("file", index).put("offset", offset).put("length", length))
                    .path("base64")
                    .binaryValue();
            if (next == null || next.length == 0 || next.length > length) {
                throw new IOException("it changed while it was fetched");
            }
            piece = next;
            position = 0;
            offset += next.length;
            return true;
        }
    }
}
