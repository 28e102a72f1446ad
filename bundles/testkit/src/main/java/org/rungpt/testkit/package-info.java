/** Contract tests: whoever implements an interface of the api extends its contract and runs it. */
@NullMarked
package org.rungpt.testkit;

import org.jspecify.annotations.NullMarked;
