/** Sandboxes by Docker: images, containers, and the conversation with the action service in them. */
@NullMarked
package org.rungpt.runner.docker;

import org.jspecify.annotations.NullMarked;
