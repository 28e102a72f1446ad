package org.rungpt.runner.docker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds all of many patterns in one pass over a stream, byte by byte (Aho and Corasick). Immutable. */
final class PatternAutomaton {
    private static final int ROOT = 0;

    /** By {@code state << 8 | byte}. */
    private final Map<Integer, Integer> next = new HashMap<>();

    private final int[] begin = new int[256];
    private final int[] fallback;
    private final int[] depth;
    private final int[] longest;
    private final int deepest;

    /** @param patterns Latin-1 texts of bytes, none empty */
    PatternAutomaton(Set<String> patterns) {
        List<int[]> states = new ArrayList<>(); // depth, longest pattern that ends here
        states.add(new int[] {0, 0});
        for (String pattern : patterns) {
            int state = ROOT;
            for (int i = 0; i < pattern.length(); i++) {
                int key = state << 8 | pattern.charAt(i) & 0xff;
                Integer known = next.get(key);
                if (known == null) {
                    known = states.size();
                    states.add(new int[] {i + 1, 0});
                    next.put(key, known);
                }
                state = known;
            }
            states.get(state)[1] = pattern.length();
        }
        int count = states.size();
        fallback = new int[count];
        depth = new int[count];
        longest = new int[count];
        for (int i = 0; i < count; i++) {
            depth[i] = states.get(i)[0];
            longest[i] = states.get(i)[1];
        }
        deepest = Arrays.stream(depth).max().orElse(0);
        for (int b = 0; b < 256; b++) {
            begin[b] = next.getOrDefault(b, ROOT);
        }
        link(children(count));
    }

    private List<List<int[]>> children(int count) {
        List<List<int[]>> children = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            children.add(new ArrayList<>(1));
        }
        next.forEach((key, child) -> children.get(key >> 8).add(new int[] {key & 0xff, child}));
        return children;
    }

    /** Level by level: to the longest other beginning that the text read so far ends with. */
    private void link(List<List<int[]>> children) {
        ArrayDeque<Integer> queue = new ArrayDeque<>();
        children.get(ROOT).forEach(child -> queue.add(child[1]));
        while (!queue.isEmpty()) {
            int state = queue.remove();
            for (int[] child : children.get(state)) {
                fallback[child[1]] = next(fallback[state], child[0]);
                longest[child[1]] = Math.max(longest[child[1]], longest[fallback[child[1]]]);
                queue.add(child[1]);
            }
        }
    }

    /** The state after one more byte; 0 at the beginning. */
    int next(int state, int b) {
        int from = state;
        while (from != ROOT) {
            Integer to = next.get(from << 8 | b);
            if (to != null) {
                return to;
            }
            from = fallback[from];
        }
        return begin[b];
    }

    /** How many of the last bytes may be the beginning of a pattern. */
    int depth(int state) {
        return depth[state];
    }

    /** How many of the last bytes are a pattern; the most if several end here, 0 if none does. */
    int longest(int state) {
        return longest[state];
    }

    /** How long the longest pattern is. */
    int deepest() {
        return deepest;
    }
}
