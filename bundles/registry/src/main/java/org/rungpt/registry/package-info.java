/** What is installed, from every action source, and the check that every manifest goes through. */
@NullMarked
package org.rungpt.registry;

import org.jspecify.annotations.NullMarked;
