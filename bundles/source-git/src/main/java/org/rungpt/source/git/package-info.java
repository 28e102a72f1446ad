/** Actions from Git repositories: resolved, fetched, checked, pinned to a commit. */
@NullMarked
package org.rungpt.source.git;

import org.jspecify.annotations.NullMarked;
