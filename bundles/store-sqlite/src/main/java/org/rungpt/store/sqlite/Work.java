package org.rungpt.store.sqlite;

import java.sql.SQLException;
import org.rungpt.api.store.StoreException;

/** Something to do with a session. It throws {@link StoreException} only before it has written anything. */
@FunctionalInterface
interface Work<T> {
    T run(Session session) throws SQLException, StoreException;
}
