package org.rungpt.runner.docker;

import java.util.List;

/**
 * What the container that measures volumes is to be; {@link SandboxFactory} makes it so. No program of a call ever runs in it.
 *
 * @param id its name
 * @param sandbox for which sandbox
 * @param image id of the base image
 * @param volumes what is measured, each for itself
 */
record DiskPlan(String id, String sandbox, String image, List<String> volumes) {
    static final Bounds BOUNDS = new Bounds(128L << 20, 1, 16, 16L << 20);
    static final String PLACE = "/disk/";

    /**
     * A line on stdin asks. {@code space} is answered at once with what the file system has, {@code use}, when all is counted, with a line
     * for each volume and one with a dot. No name comes out, and none is remembered: a tree is as deep and as wide as a program has made
     * it. Of a file with several names each counts for its part. It ends with who asks.
     */
    private static final String SCRIPT = """
            use() {
              for volume in "$0"*; do
                { find "$volume" -printf '%y %n %b\\n'; echo end $?; } | awk -v volume="${volume##*/}" '
                  NF == 3 { part = $1 != "d" && $2 > 1 ? 1 / $2 : 1; blocks += part * $3; files += part }
                  $1 == "end" && $2 < 128 { printf "use %s %.0f %.0f\\n", volume, 512 * blocks, files }'
              done
              echo .
            }
            place=${0}0
            [ -d "$place" ] || place=/
            while read -r ask; do
              case $ask in
                space) stat -f -c 'space %S %b %a %c %d' "$place" ;;
                use) use & ;;
              esac
            done 2> /dev/null
            """;

    static final List<String> COMMAND = List.of("/bin/sh", "-c", SCRIPT, PLACE);
}
