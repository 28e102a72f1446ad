/** Conversations and settings in one SQLite file. */
@NullMarked
package org.rungpt.store.sqlite;

import org.jspecify.annotations.NullMarked;
