/** The JSON API and the event streams, as whiteboard servlets. */
@NullMarked
package org.rungpt.web;

import org.jspecify.annotations.NullMarked;
