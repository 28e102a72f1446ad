package org.rungpt.source.git;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A range of semantic versions: {@code ^1.2}, {@code ~1.2.3}, {@code >=1.2 <2}, {@code 1.x}, {@code 1}, {@code *}; parts side by
 * side must all hold. A prerelease is in a range only if the range names one of the same version.
 */
final class VersionRange {
    private static final Pattern PART = Pattern.compile(
            "(\\^|~|>=|<=|>|<|=)?\\s*v?(\\d{1,9}|[xX*])(?:\\.(\\d{1,9}|[xX*]))?(?:\\.(\\d{1,9}|[xX*]))?(?:-([0-9A-Za-z.-]+))?");

    /** One bound: not below {@code from} (inclusive), below {@code to} (exclusive); null is open. */
    private record Bound(
            @Nullable SemanticVersion from, @Nullable SemanticVersion to) {}

    private final List<Bound> bounds;
    private final List<SemanticVersion> named;

    private VersionRange(List<Bound> bounds, List<SemanticVersion> named) {
        this.bounds = bounds;
        this.named = named;
    }

    /** Reads a range; empty if the text is none. */
    static Optional<VersionRange> parse(String text) {
        List<Bound> bounds = new ArrayList<>();
        List<SemanticVersion> named = new ArrayList<>();
        Matcher matcher = PART.matcher(text);
        int position = 0;
        while (position < text.length()) {
            matcher.region(position, text.length());
            if (!matcher.lookingAt()) {
                return Optional.empty();
            }
            bounds.add(bound(matcher, named));
            position = matcher.end();
            int next = position;
            while (next < text.length() && text.charAt(next) == ' ') {
                next++;
            }
            if (next == position && next < text.length()) {
                return Optional.empty();
            }
            position = next;
        }
        return bounds.isEmpty() ? Optional.empty() : Optional.of(new VersionRange(bounds, named));
    }

    private static Bound bound(Matcher part, List<SemanticVersion> named) {
        BigInteger major = number(part.group(2));
        BigInteger minor = major == null ? null : number(part.group(3));
        BigInteger patch = minor == null ? null : number(part.group(4));
        List<String> prerelease =
                part.group(5) == null ? List.of() : List.of(part.group(5).split("\\."));
        String operator = part.group(1) == null ? "" : part.group(1);
        if (major == null) {
            return new Bound(null, null);
        }
        SemanticVersion low = SemanticVersion.of(major, orZero(minor), orZero(patch), prerelease);
        if (low.isPrerelease()) {
            named.add(low);
        }
        SemanticVersion next = next(major, minor, patch);
        return switch (operator) {
            case "^" -> new Bound(low, caret(major, minor, patch));
            case "~" -> new Bound(low, next(major, minor, null));
            case ">=" -> new Bound(low, null);
            case ">" -> new Bound(patch == null ? next : successor(low), null);
            case "<" -> new Bound(null, low);
            case "<=" -> new Bound(null, patch == null ? next : successor(low));
            default -> new Bound(low, patch == null ? next : successor(low));
        };
    }

    private static @Nullable BigInteger number(@Nullable String text) {
        return text == null || !Character.isDigit(text.charAt(0)) ? null : new BigInteger(text);
    }

    private static BigInteger orZero(@Nullable BigInteger number) {
        return number == null ? BigInteger.ZERO : number;
    }

    /** The first version after all that begin with these numbers. */
    private static SemanticVersion next(BigInteger major, @Nullable BigInteger minor, @Nullable BigInteger patch) {
        if (minor == null) {
            return release(major.add(BigInteger.ONE), BigInteger.ZERO, BigInteger.ZERO);
        }
        return patch == null
                ? release(major, minor.add(BigInteger.ONE), BigInteger.ZERO)
                : release(major, minor, patch.add(BigInteger.ONE));
    }

    /** The leftmost number that is not zero stays. */
    private static SemanticVersion caret(BigInteger major, @Nullable BigInteger minor, @Nullable BigInteger patch) {
        if (major.signum() != 0 || minor == null) {
            return next(major, null, null);
        }
        return minor.signum() != 0 || patch == null ? next(major, minor, null) : next(major, minor, patch);
    }

    /** The smallest version after this one. */
    private static SemanticVersion successor(SemanticVersion version) {
        if (version.isPrerelease()) {
            List<String> longer = new ArrayList<>(version.prerelease());
            longer.add("0");
            return new SemanticVersion(version.core(), longer);
        }
        List<BigInteger> core = version.core();
        return SemanticVersion.of(core.get(0), core.get(1), core.get(2).add(BigInteger.ONE), List.of("0"));
    }

    /** The end of a range, before the prereleases of that version. */
    private static SemanticVersion release(BigInteger major, BigInteger minor, BigInteger patch) {
        return SemanticVersion.of(major, minor, patch, List.of("0"));
    }

    boolean contains(SemanticVersion version) {
        if (version.isPrerelease()
                && named.stream().noneMatch(name -> name.core().equals(version.core()))) {
            return false;
        }
        for (Bound bound : bounds) {
            if (bound.from() != null && version.compareTo(bound.from()) < 0) {
                return false;
            }
            if (bound.to() != null && version.compareTo(bound.to()) >= 0) {
                return false;
            }
        }
        return true;
    }
}
